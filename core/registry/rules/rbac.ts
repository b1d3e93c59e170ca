import { dnsSubdomainProblem } from '#core/api/names.ts';
import { rbacGroup, type PolicyRule, type RoleRef, type Subject } from '#core/api/schema/rbac-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import type { FieldPath } from './field-path.ts';
import { pathSegmentProblem } from './host-names.ts';

function validateRule({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule, namespaced: boolean, field: FieldPath): void {
  if (verbs.length === 0) field.at('verbs').required('verbs must contain at least one value');
  if (nonResourceURLs.length > 0) {
    const urls = field.at('nonResourceURLs');
    if (namespaced) urls.invalid(nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
    if (apiGroups.length + resources.length + resourceNames.length > 0) urls.invalid(nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs');
    return;
  }
  if (apiGroups.length === 0) field.at('apiGroups').required('resource rules must supply at least one api group');
  if (resources.length === 0) field.at('resources').required('resource rules must supply at least one resource');
}

export function validatePolicyRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean, field: FieldPath): void {
  for (const [i, rule] of (rules ?? []).entries()) validateRule(rule, namespaced, field.at(i));
}

interface Binding {
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** Users and groups belong to RBAC's own group, service accounts to the core group. */
export function defaultSubjects({ subjects = [] }: Binding): void {
  for (const subject of subjects) {
    if ((subject.kind === 'User' || subject.kind === 'Group') && (subject.apiGroup ?? '') === '') subject.apiGroup = rbacGroup;
  }
}

function validateSubject({ kind, name, apiGroup = '', namespace = '' }: Subject, namespaced: boolean, field: FieldPath): void {
  if (name === '') field.at('name').required();
  switch (kind) {
    case 'ServiceAccount':
      field.at('name').optional(name, dnsSubdomainProblem);
      if (apiGroup !== '') field.at('apiGroup').notSupported(apiGroup, ['']);
      if (!namespaced && namespace === '') field.at('namespace').required();
      return;
    case 'User':
    case 'Group':
      if (name === '') field.at('name').invalid(name, `${kind.toLowerCase()} name cannot be empty`);
      if (apiGroup !== rbacGroup) field.at('apiGroup').notSupported(apiGroup, [rbacGroup]);
      return;
    default:
      field.at('kind').notSupported(kind, ['ServiceAccount', 'User', 'Group'], false);
  }
}

/** @param namespaced a RoleBinding, which can give a Role of its namespace too */
export function validateBinding({ roleRef, subjects = [] }: Binding, namespaced: boolean, root: FieldPath): void {
  const field = root.at('roleRef');
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (roleRef.apiGroup !== rbacGroup) field.at('apiGroup').notSupported(roleRef.apiGroup, [rbacGroup]);
  if (!kinds.includes(roleRef.kind)) field.at('kind').notSupported(roleRef.kind, kinds);
  field.at('name').name(roleRef.name, pathSegmentProblem);
  for (const [i, subject] of subjects.entries()) validateSubject(subject, namespaced, root.at('subjects', i));
}

/** What a binding gives must be decided anew, by making another one. */
export function validateRoleRefUpdate({ roleRef }: Binding, { roleRef: old }: Binding, root: FieldPath): void {
  if (!deepEqual(roleRef, old)) root.at('roleRef').invalid(roleRef, 'cannot change roleRef');
}
