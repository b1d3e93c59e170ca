import type { Expected } from '#core/api/rbac/bootstrap-policy.ts';
import { rbacGroup, type ClusterRole, type ClusterRoleBinding, type PolicyRule, type Role, type RoleBinding, type Subject } from '#core/api/schema/rbac-v1.ts';

/** Shorthand in which the roles of this folder are written: lists are words, and `core` stands for the group without a name. */

const words = (text: string): string[] => text.split(' ').toSorted();
const groups = (text: string): string[] => words(text).map((group) => (group === 'core' ? '' : group));

export const read = 'get list watch';
export const write = 'create update patch delete deletecollection';
export const readWrite = `${read} ${write}`;
export const readUpdate = `${read} update patch`;

export const rule = (verbs: string, apiGroups: string, resources: string, names?: string): PolicyRule => ({
  verbs: words(verbs), apiGroups: groups(apiGroups), resources: words(resources), ...(names === undefined ? {} : { resourceNames: words(names) }),
});

export const paths = (...urls: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs: urls.toSorted() });

/** Whoever does something tells about it. */
export const eventsRule = (): PolicyRule => rule('create update patch', 'core events.k8s.io', 'events');

const label = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

export const clusterRole = (name: string, rules: PolicyRule[], labels: Record<string, string> = {}): Expected<ClusterRole> =>
  ({ metadata: { name, labels: { ...label, ...labels }, annotations: { ...annotations } }, rules });

/** A ClusterRole that takes the rules of those with the label `rbac.authorization.k8s.io/aggregate-to-<to>`. */
export const aggregated = (name: string, to: string, labels: Record<string, string> = {}): Expected<ClusterRole> => {
  const { metadata } = clusterRole(name, [], labels);
  return { metadata, aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(to) }] } };
};

export const aggregateTo = (name: string): Record<string, string> => ({ [`${rbacGroup}/aggregate-to-${name}`]: 'true' });

export const role = (namespace: string, name: string, rules: PolicyRule[]): Expected<Role> =>
  ({ metadata: { namespace, name, labels: { ...label }, annotations: { ...annotations } }, rules });

export const user = (name: string): Subject => ({ kind: 'User', apiGroup: rbacGroup, name });
export const group = (name: string): Subject => ({ kind: 'Group', apiGroup: rbacGroup, name });
export const account = (name: string, namespace = 'kube-system'): Subject => ({ kind: 'ServiceAccount', name, namespace });

/** Gives the ClusterRole of the same name. */
export const clusterBinding = (name: string, ...subjects: Subject[]): Expected<ClusterRoleBinding> => ({
  metadata: { name, labels: { ...label }, annotations: { ...annotations } }, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name }, subjects,
});

export const binding = (namespace: string, name: string, roleName: string, ...subjects: Subject[]): Expected<RoleBinding> => ({
  metadata: { namespace, name, labels: { ...label }, annotations: { ...annotations } }, roleRef: { apiGroup: rbacGroup, kind: 'Role', name: roleName }, subjects,
});
