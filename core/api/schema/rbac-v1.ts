import { groupVersion, type KindOf } from './kind.ts';
import { LabelSelector } from './meta.ts';
import { atomic, list, required, string, withDefault, type Of } from './type.ts';

/** The group of roles and bindings, and of the users and groups that they name. */
export const rbacGroup = 'rbac.authorization.k8s.io';

const rbac = groupVersion('io.k8s.api.rbac.v1', rbacGroup, 'v1');

export const PolicyRule = rbac.type('PolicyRule', 'What may be done to which resources, or to which paths that are no resources.', {
  verbs: [1, required(list(string)), 'What may be done, such as get and watch; * stands for everything.'],
  apiGroups: [2, list(string), 'Groups of the resources; the empty one is the core group, * stands for all.'],
  resources: [3, list(string), 'Resources such as pods, pods/log or */scale; * stands for all.'],
  resourceNames: [4, list(string), 'Objects that the rule is limited to; all when empty.'],
  nonResourceURLs: [5, list(string), 'Paths such as /healthz; a * at the end stands for whatever follows. Only in ClusterRoles.'],
});
export type PolicyRule = Of<typeof PolicyRule>;

export const Subject = atomic(rbac.type('Subject', 'Who is given a role.', {
  kind: [1, required(string), 'User, Group or ServiceAccount.'],
  apiGroup: [2, string, 'Empty for a ServiceAccount, rbac.authorization.k8s.io for users and groups.'],
  name: [3, required(string), 'Name of the user, group or account.'],
  namespace: [4, string, 'Namespace of a ServiceAccount; empty for the others.'],
}));
export type Subject = Of<typeof Subject>;

export const RoleRef = atomic(rbac.type('RoleRef', 'The role that is given.', {
  apiGroup: [1, withDefault(string, rbacGroup), 'Group of the role.'],
  kind: [2, required(string), 'Role or ClusterRole.'],
  name: [3, required(string), 'Name of the role.'],
}));
export type RoleRef = Of<typeof RoleRef>;

export const Role = rbac.kind('Role', 'A set of rights inside one namespace.', {
  rules: [2, list(PolicyRule), 'The rights; they add up.'],
});
export type Role = KindOf<typeof Role>;

export const RoleBinding = rbac.kind('RoleBinding', 'Gives the rights of a role to users, groups and accounts, inside the binding\'s namespace.', {
  subjects: [2, list(Subject), 'Who gets them.'],
  roleRef: [3, required(RoleRef), 'The role: one of the namespace, or a ClusterRole. Cannot change.'],
});
export type RoleBinding = KindOf<typeof RoleBinding>;

export const AggregationRule = rbac.type('AggregationRule', 'Which ClusterRoles make up another one.', {
  clusterRoleSelectors: [1, list(LabelSelector), 'A ClusterRole that any of these selects lends its rules.'],
});
export type AggregationRule = Of<typeof AggregationRule>;

export const ClusterRole = rbac.kind('ClusterRole', 'A set of rights that can be given in any namespace, or everywhere.', {
  rules: [2, list(PolicyRule), 'The rights; they add up. Kept by a controller when there is an aggregationRule.'],
  aggregationRule: [3, AggregationRule, 'Where the rules come from, instead of being written here.'],
}, { namespaced: false });
export type ClusterRole = KindOf<typeof ClusterRole>;

export const ClusterRoleBinding = rbac.kind('ClusterRoleBinding', 'Gives the rights of a ClusterRole everywhere.', {
  subjects: [2, list(Subject), 'Who gets them.'],
  roleRef: [3, required(RoleRef), 'The ClusterRole. Cannot change.'],
}, { namespaced: false });
export type ClusterRoleBinding = KindOf<typeof ClusterRoleBinding>;
