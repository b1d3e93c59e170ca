import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { FieldPath } from './field-path.ts';

/** On pods that stand for those a node agent reads from files. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/** Annotations that mean something to Kubernetes, of a pod or a template. */
export function validatePodAnnotations(annotations: Readonly<Record<string, string>> | undefined, spec: PodSpec, field: FieldPath): void {
  const { [mirrorAnnotation]: mirrored, [deletionCost]: cost = '0' } = annotations ?? {};
  if (mirrored !== undefined && (spec.nodeName ?? '') === '') {
    field.key(mirrorAnnotation).invalid(mirrored, 'must set spec.nodeName if mirror pod annotation is set');
  }
  const valid = /^(0|[+-]?[1-9]\d*)$/.test(cost) && Number(cost) >= -(2 ** 31) && Number(cost) < 2 ** 31;
  if (!valid) field.key(deletionCost).invalid(cost, 'must be a 32bit integer');
}
