import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';

/** Says where a definition in one of Kubernetes' own groups was approved (KEP-2337). */
export const approvalAnnotation = 'api-approved.kubernetes.io';

export interface Approval {
  readonly state: 'missing' | 'bypassed' | 'approved' | 'invalid';
  readonly reason: string;
}

export const isProtectedGroup = (group: string): boolean => /(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group);

const seeMore = 'see https://github.com/kubernetes/enhancements/pull/1111';

export function approvalOf({ metadata }: KubernetesObject): Approval {
  const annotation = metadata.annotations?.[approvalAnnotation] ?? '';
  if (annotation === '') return { state: 'missing', reason: `protected groups must have approval annotation "${approvalAnnotation}", ${seeMore}` };
  if (annotation.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(annotation)}` };
  if (URL.canParse(annotation) && new URL(annotation).host !== '') return { state: 'approved', reason: `approved in ${annotation}` };
  return {
    state: 'invalid',
    reason: `protected groups must have approval annotation "${approvalAnnotation}" with either a URL or a reason starting with "unapproved", ${seeMore}`,
  };
}

/** Who leaves the state as it was is not asked. */
export function validateApproval(definition: KubernetesObject, old: KubernetesObject | undefined, field: FieldPath): void {
  const { state, reason } = approvalOf(definition);
  if (old && approvalOf(old).state === state) return;
  const at = field.at('metadata', 'annotations').key(approvalAnnotation);
  if (state === 'missing') at.required(reason);
  if (state === 'invalid') at.invalid(definition.metadata.annotations?.[approvalAnnotation], reason);
}
