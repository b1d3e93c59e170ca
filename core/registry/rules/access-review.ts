import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewSpec } from '#core/api/schema/authorization-v1.ts';
import type { FieldPath } from './field-path.ts';

interface Selector {
  readonly rawSelector?: string;
  readonly requirements?: readonly unknown[];
}

function validateSelector({ rawSelector = '', requirements = [] }: Selector, field: FieldPath): void {
  if (rawSelector !== '' && requirements.length > 0) field.at('rawSelector').invalid(rawSelector, 'may not specified at the same time as requirements');
  if (rawSelector === '' && requirements.length === 0) field.at('requirements').required(`when ${field.path} is specified, requirements or rawSelector is required`);
}

interface Access {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
}

/** One request is asked about, to a resource or to another path. */
export function validateAccess({ resourceAttributes, nonResourceAttributes }: Access, field: FieldPath): void {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    field.at('nonResourceAttributes').invalid(nonResourceAttributes, 'cannot be specified in combination with resourceAttributes');
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    field.at('resourceAttributes').invalid(null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  for (const name of ['fieldSelector', 'labelSelector'] as const) {
    const selector = resourceAttributes?.[name];
    if (selector !== undefined) validateSelector(selector, field.at('resourceAttributes', name));
  }
}

export function validateSubjectAccess(spec: SubjectAccessReviewSpec, field: FieldPath): void {
  validateAccess(spec, field);
  if ((spec.user ?? '') === '' && (spec.groups ?? []).length === 0) field.at('user').invalid('', 'at least one of user or group must be specified');
}

/** Nothing is stored, so nothing needs a name. @param allowed fields that may be there */
export function validateNoMetadata({ metadata }: KubernetesObject, allowed: readonly string[], root: FieldPath): void {
  const given = Object.keys(metadata).filter((name) => name !== 'managedFields' && !allowed.includes(name));
  if (given.length > 0) root.at('metadata').invalid(metadata, allowed.length === 0 ? 'must be empty' : `must be empty except for ${allowed.join(', ')}`);
}
