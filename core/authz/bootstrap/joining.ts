import { defaultJoinGroup } from '#core/api/bootstrap-token.ts';
import { ClusterRole, ClusterRoleBinding, rbacGroup, Role, RoleBinding, type PolicyRule, type Subject } from '#core/api/schema/rbac-v1.ts';
import { nodesGroup } from '#core/api/user.ts';
import { bootstrapObject, type BootstrapObject } from '#core/spi/bootstrap-object.ts';
import { group, read, rule, user } from './drafts.ts';

const csrRole = (right: string): string => `system:certificates.k8s.io:certificatesigningrequests:${right}`;

const clusterBinding = (name: string, role: string, subject: Subject): BootstrapObject =>
  bootstrapObject(ClusterRoleBinding, { metadata: { name }, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: role }, subjects: [subject] });

const readOne = (namespace: string, name: string, resource: string, subject: Subject): BootstrapObject[] => {
  const role = `keelson:read-${resource}`;
  const rules: PolicyRule[] = [rule('get', 'core', 'configmaps', resource)];
  return [
    bootstrapObject(Role, { metadata: { namespace, name: name || role }, rules }),
    bootstrapObject(RoleBinding, { metadata: { namespace, name: name || role }, roleRef: { apiGroup: rbacGroup, kind: 'Role', name: name || role }, subjects: [subject] }),
  ];
};

/**
 * Rights with which nodes join and run, as kubeadm makes them, under kubeadm's names. They are made when they are missing and are the
 * administrator's then: who takes the subjects out of `kubeadm:node-autoapprove-bootstrap` approves each new node by hand.
 *
 * `keelson:node-agent` gives agents what elsewhere kube-proxy and the network's daemon have as service accounts of their own: services, their
 * endpoints, and all nodes, namespaces, pods and network policies, to read.
 */
export const joiningObjects = (): BootstrapObject[] => [
  clusterBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', group(defaultJoinGroup)),
  clusterBinding('kubeadm:node-autoapprove-bootstrap', csrRole('nodeclient'), group(defaultJoinGroup)),
  clusterBinding('kubeadm:node-autoapprove-certificate-rotation', csrRole('selfnodeclient'), group(nodesGroup)),
  ...readOne('kube-public', 'kubeadm:bootstrap-signer-clusterinfo', 'cluster-info', user('system:anonymous')),
  ...readOne('kube-system', '', 'keelson-node-defaults', group(nodesGroup)),
  bootstrapObject(ClusterRole, {
    metadata: { name: 'keelson:node-agent' },
    rules: [
      rule(read, 'core', 'nodes services endpoints namespaces pods'),
      rule(read, 'discovery.k8s.io', 'endpointslices'),
      rule(read, 'networking.k8s.io', 'networkpolicies servicecidrs'),
    ],
  }),
  clusterBinding('keelson:node-agent', 'keelson:node-agent', group(nodesGroup)),
];
