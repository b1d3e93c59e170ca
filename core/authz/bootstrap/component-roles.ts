import { signers } from '#core/api/schema/certificates-v1.ts';
import type { Expected } from '#core/api/rbac/bootstrap-policy.ts';
import type { ClusterRole, PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { clusterRole, eventsRule, read, readUpdate, readWrite, rule } from './drafts.ts';
import { nodeRules } from './node-rules.ts';

const schedulerRules = (): PolicyRule[] => [
  eventsRule(),
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get update list watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
  rule(readWrite, 'coordination.k8s.io', 'leasecandidates'),
  rule(read, 'core', 'nodes'),
  rule('get list watch delete', 'core', 'pods'),
  rule('create', 'core', 'pods/binding bindings'),
  rule('patch update', 'core', 'pods/status'),
  rule(read, 'core', 'services replicationcontrollers'),
  rule(read, 'apps extensions', 'replicasets'),
  rule(read, 'apps', 'statefulsets'),
  rule(read, 'policy', 'poddisruptionbudgets'),
  rule(read, 'core', 'persistentvolumeclaims persistentvolumes'),
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  rule(read, 'storage.k8s.io', 'csinodes'),
  rule(read, 'storage.k8s.io', 'volumeattachments'),
  rule(read, 'core', 'namespaces'),
  rule(read, 'storage.k8s.io', 'csidrivers'),
  rule(read, 'storage.k8s.io', 'csistoragecapacities'),
  rule(read, 'resource.k8s.io', 'deviceclasses'),
  rule(readUpdate, 'resource.k8s.io', 'resourceclaims'),
  rule(readUpdate, 'resource.k8s.io', 'resourceclaims/status'),
  rule(readUpdate, 'core', 'pods/finalizers'),
  rule(read, 'resource.k8s.io', 'resourceslices'),
];

const controllerManagerRules = (): PolicyRule[] => [
  eventsRule(),
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
  rule('create', 'core', 'secrets serviceaccounts'),
  rule('delete', 'core', 'secrets'),
  rule('get', 'core', 'namespaces secrets serviceaccounts configmaps'),
  rule('update', 'core', 'secrets serviceaccounts'),
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  // Every controller shares its caches.
  rule('list watch', '*', '*'),
  rule('create', 'core', 'serviceaccounts/token'),
];

const approver = (name: string, signer: string): Expected<ClusterRole> =>
  clusterRole(`system:certificates.k8s.io:${name}-approver`, [rule('approve', 'certificates.k8s.io', 'signers', signer)]);

/** Roles of the parts of a cluster, its nodes and what is commonly added to it. */
export const componentRoles = (): Expected<ClusterRole>[] => [
  clusterRole('system:heapster', [rule(read, 'core', 'events pods nodes namespaces'), rule(read, 'extensions', 'deployments')]),
  clusterRole('system:node', nodeRules()),
  clusterRole('system:node-problem-detector', [rule('get', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), eventsRule()]),
  clusterRole('system:node-bootstrapper', [rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests')]),
  clusterRole('system:node-proxier', [
    rule('list watch', 'core', 'services endpoints'),
    rule(read, 'core', 'nodes'),
    eventsRule(),
    rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('system:auth-delegator', [rule('create', 'authentication.k8s.io', 'tokenreviews'), rule('create', 'authorization.k8s.io', 'subjectaccessreviews')]),
  clusterRole('system:kube-aggregator', [rule(read, 'core', 'services endpoints')]),
  clusterRole('system:kube-controller-manager', controllerManagerRules()),
  clusterRole('system:kube-scheduler', schedulerRules()),
  clusterRole('system:kube-dns', [rule('list watch', 'core', 'endpoints services')]),
  clusterRole('system:volume-scheduler', [
    rule(readUpdate, 'core', 'persistentvolumes'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule(readUpdate, 'core', 'persistentvolumeclaims'),
  ]),
  clusterRole('system:persistent-volume-provisioner', [
    rule('get list watch create delete', 'core', 'persistentvolumes'),
    rule('get list watch update', 'core', 'persistentvolumeclaims'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule('watch', 'core', 'events'),
    eventsRule(),
  ]),
  clusterRole('system:kubelet-api-admin', [
    rule(read, 'core', 'nodes'),
    rule('proxy', 'core', 'nodes'),
    rule('*', 'core', 'nodes/proxy nodes/metrics nodes/stats nodes/log'),
    rule('*', 'core', 'nodes/pods nodes/healthz nodes/configz'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [rule('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient')]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [rule('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient')]),
  approver('legacy-unknown', signers.legacyUnknown),
  approver('kubelet-serving', signers.kubeletServing),
  approver('kube-apiserver-client', signers.apiServerClient),
  approver('kube-apiserver-client-kubelet', signers.apiServerClientKubelet),
];
