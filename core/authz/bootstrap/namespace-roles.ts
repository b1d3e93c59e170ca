import type { Expected } from '#core/api/rbac/bootstrap-policy.ts';
import type { Role, RoleBinding } from '#core/api/schema/rbac-v1.ts';
import { account, binding, eventsRule, read, role, rule, user } from './drafts.ts';

const system = 'kube-system';
const kubePublic = 'kube-public';

export const namespaceRoles = (): Expected<Role>[] => [
  // Extension API servers learn here which certificates and headers to trust.
  role(system, 'extension-apiserver-authentication-reader', [rule(read, 'core', 'configmaps', 'extension-apiserver-authentication')]),
  role(system, 'system:controller:bootstrap-signer', [rule(read, 'core', 'secrets')]),
  role(system, 'system:controller:cloud-provider', [rule('create get list watch', 'core', 'configmaps')]),
  role(system, 'system:controller:token-cleaner', [rule('get list watch delete', 'core', 'secrets'), eventsRule()]),
  role(system, 'system::leader-locking-kube-controller-manager', [rule('watch', 'core', 'configmaps'), rule('get update', 'core', 'configmaps', 'kube-controller-manager')]),
  role(system, 'system::leader-locking-kube-scheduler', [rule('watch', 'core', 'configmaps'), rule('get update', 'core', 'configmaps', 'kube-scheduler')]),
  role(kubePublic, 'system:controller:bootstrap-signer', [
    rule(read, 'core', 'configmaps'),
    rule('update', 'core', 'configmaps', 'cluster-info'),
    eventsRule(),
  ]),
];

const ofSameName = (namespace: string, name: string, ...subjects: Parameters<typeof binding>[3][]): Expected<RoleBinding> => binding(namespace, name, name, ...subjects);

export const namespaceRoleBindings = (): Expected<RoleBinding>[] => [
  binding(system, 'system::extension-apiserver-authentication-reader', 'extension-apiserver-authentication-reader',
    user('system:kube-controller-manager'), user('system:kube-scheduler')),
  ofSameName(system, 'system::leader-locking-kube-controller-manager', user('system:kube-controller-manager'), account('kube-controller-manager')),
  ofSameName(system, 'system::leader-locking-kube-scheduler', user('system:kube-scheduler'), account('kube-scheduler')),
  ofSameName(system, 'system:controller:bootstrap-signer', account('bootstrap-signer')),
  ofSameName(system, 'system:controller:cloud-provider', account('cloud-provider')),
  ofSameName(system, 'system:controller:token-cleaner', account('token-cleaner')),
  ofSameName(kubePublic, 'system:controller:bootstrap-signer', account('bootstrap-signer')),
];
