import type { Expected } from '#core/api/rbac/bootstrap-policy.ts';
import { uncovered } from '#core/api/rbac/covers.ts';
import { compactRules } from '#core/api/rbac/rule-text.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, RoleBinding } from '#core/api/schema/rbac-v1.ts';
import { deepEqual } from '#core/api/value.ts';

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** Its owner wants to see to it alone. */
export const isProtected = ({ metadata }: KubernetesObject): boolean => metadata.annotations?.[autoUpdate] === 'false';

/** The role, or namespaced role, with what it lacks of the expected one; the same object when it lacks nothing. What it has besides stays. */
export function completedRole<T extends ClusterRole>(role: T, expected: Expected<ClusterRole>): T {
  const next = withMetadata(role, expected);
  const selectors = expected.aggregationRule?.clusterRoleSelectors;
  if (selectors === undefined) {
    delete next.aggregationRule;
    next.rules = withRules(role.rules ?? [], expected.rules ?? []);
  } else next.aggregationRule = { clusterRoleSelectors: withMissing(role.aggregationRule?.clusterRoleSelectors ?? [], selectors) };
  return deepEqual({ rules: [], ...next }, { rules: [], ...role }) ? role : next;
}

/** As for roles. To be made anew when its role is another one: that cannot change. */
export function completedBinding<T extends ClusterRoleBinding | RoleBinding>(binding: T, expected: Expected<ClusterRoleBinding | RoleBinding>): T {
  const next = withMetadata(binding, expected);
  const subjects = withMissing(binding.subjects ?? [], expected.subjects ?? []);
  if (subjects.length > 0) next.subjects = subjects;
  return deepEqual(next, binding) ? binding : next;
}

function withMetadata<T extends KubernetesObject>(object: T, { metadata: { labels, annotations } }: Expected<KubernetesObject>): T {
  const metadata = { ...object.metadata };
  if (labels !== undefined) metadata.labels = { ...labels, ...metadata.labels };
  if (annotations !== undefined) metadata.annotations = { ...annotations, ...metadata.annotations };
  return { ...object, metadata };
}

/** Nobody has changed most roles since they were made, which is found out sooner than what they cover. */
const withRules = (rules: readonly PolicyRule[], expected: readonly PolicyRule[]): PolicyRule[] =>
  (deepEqual(rules, expected) ? [...rules] : [...rules, ...compactRules(uncovered(rules, expected, Number.POSITIVE_INFINITY))]);

const withMissing = <T>(values: readonly T[], expected: readonly T[]): T[] =>
  [...values, ...expected.filter((wanted) => !values.some((value) => deepEqual(value, wanted)))];
