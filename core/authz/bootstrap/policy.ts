import type { BootstrapPolicy, Expected } from '#core/api/rbac/bootstrap-policy.ts';
import type { ClusterRoleBinding } from '#core/api/schema/rbac-v1.ts';
import { authenticatedGroup, mastersGroup, unauthenticatedGroup } from '#core/api/user.ts';
import { componentRoles } from './component-roles.ts';
import { controllerRules } from './controller-roles.ts';
import { account, clusterBinding, clusterRole, group, user } from './drafts.ts';
import { namespaceRoleBindings, namespaceRoles } from './namespace-roles.ts';
import { userRoles } from './user-roles.ts';

const controllerRole = (controller: string): string => `system:controller:${controller}`;

const bindings = (): Expected<ClusterRoleBinding>[] => [
  clusterBinding('cluster-admin', group(mastersGroup)),
  clusterBinding('system:monitoring', group('system:monitoring')),
  clusterBinding('system:discovery', group(authenticatedGroup)),
  clusterBinding('system:basic-user', group(authenticatedGroup)),
  clusterBinding('system:public-info-viewer', group(authenticatedGroup), group(unauthenticatedGroup)),
  clusterBinding('system:node-proxier', user('system:kube-proxy')),
  clusterBinding('system:kube-controller-manager', user('system:kube-controller-manager')),
  clusterBinding('system:kube-dns', account('kube-dns')),
  clusterBinding('system:kube-scheduler', user('system:kube-scheduler')),
  clusterBinding('system:volume-scheduler', user('system:kube-scheduler')),
  // Nobody: the node authorizer gives nodes what they need of it.
  clusterBinding('system:node'),
  clusterBinding('system:service-account-issuer-discovery', group('system:serviceaccounts')),
];

/** What every cluster has (that of Kubernetes 1.34). Made when it is asked for: it is needed once, at start. */
export function bootstrapPolicy(): BootstrapPolicy {
  const controllers = Object.entries(controllerRules());
  return {
    clusterRoles: [...userRoles(), ...componentRoles(), ...controllers.map(([name, rules]) => clusterRole(controllerRole(name), rules))],
    clusterRoleBindings: [...bindings(), ...controllers.map(([name]) => clusterBinding(controllerRole(name), account(name)))],
    roles: namespaceRoles(),
    roleBindings: namespaceRoleBindings(),
  };
}
