import type { Expected } from '#core/api/rbac/bootstrap-policy.ts';
import type { ClusterRole, PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { aggregated, aggregateTo, clusterRole, paths, read, readWrite, rule, write } from './drafts.ts';

const viewRules = (): PolicyRule[] => [
  rule(read, 'core', 'pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status endpoints persistentvolumeclaims persistentvolumeclaims/status configmaps'),
  rule(read, 'core', 'limitranges resourcequotas bindings events pods/status resourcequotas/status namespaces/status replicationcontrollers/status pods/log'),
  // In a namespace this is the namespace itself: a way to see where one has access.
  rule(read, 'core', 'namespaces'),
  rule(read, 'discovery.k8s.io', 'endpointslices'),
  rule(read, 'apps', 'controllerrevisions statefulsets statefulsets/status statefulsets/scale daemonsets daemonsets/status deployments deployments/status deployments/scale replicasets replicasets/status replicasets/scale'),
  rule(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  rule(read, 'batch', 'jobs cronjobs cronjobs/status jobs/status'),
  rule(read, 'extensions', 'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status replicasets replicasets/scale replicasets/status replicationcontrollers/scale networkpolicies'),
  rule(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  rule(read, 'networking.k8s.io', 'networkpolicies ingresses ingresses/status'),
  rule(read, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
];

const editRules = (): PolicyRule[] => [
  // To read these is to gain rights, so that viewers may not.
  rule(read, 'core', 'pods/attach pods/proxy pods/exec pods/portforward secrets services/proxy'),
  rule('impersonate', 'core', 'serviceaccounts'),
  rule(write, 'core', 'pods pods/attach pods/proxy pods/exec pods/portforward'),
  rule('create', 'core', 'pods/eviction'),
  rule(write, 'core', 'replicationcontrollers replicationcontrollers/scale serviceaccounts services services/proxy persistentvolumeclaims configmaps secrets events'),
  rule('create', 'core', 'serviceaccounts/token'),
  rule(write, 'apps', 'statefulsets statefulsets/scale daemonsets deployments deployments/scale deployments/rollback replicasets replicasets/scale'),
  rule(write, 'autoscaling', 'horizontalpodautoscalers'),
  rule(write, 'batch', 'jobs cronjobs'),
  rule(write, 'extensions', 'daemonsets deployments deployments/scale deployments/rollback ingresses replicasets replicasets/scale replicationcontrollers/scale networkpolicies'),
  rule(write, 'policy', 'poddisruptionbudgets'),
  rule(write, 'networking.k8s.io', 'networkpolicies ingresses'),
  rule(readWrite, 'coordination.k8s.io', 'leases'),
  rule(write, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
];

/** Roles that people are given, and those that everybody has. */
export const userRoles = (): Expected<ClusterRole>[] => [
  clusterRole('cluster-admin', [rule('*', '*', '*'), { verbs: ['*'], nonResourceURLs: ['*'] }]),
  aggregated('admin', 'admin'),
  aggregated('edit', 'edit', aggregateTo('admin')),
  aggregated('view', 'view', aggregateTo('edit')),
  clusterRole('system:aggregate-to-admin', [
    rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
    rule(readWrite, 'rbac.authorization.k8s.io', 'roles rolebindings'),
  ], aggregateTo('admin')),
  clusterRole('system:aggregate-to-edit', editRules(), aggregateTo('edit')),
  clusterRole('system:aggregate-to-view', viewRules(), aggregateTo('view')),
  clusterRole('system:discovery', [
    paths('/livez', '/readyz', '/healthz', '/version', '/version/', '/openapi', '/openapi/*', '/api', '/api/*', '/apis', '/apis/*'),
  ]),
  clusterRole('system:monitoring', [
    paths('/metrics', '/metrics/slis', '/livez', '/readyz', '/healthz', '/livez/*', '/readyz/*', '/healthz/*'),
    rule('get', 'core', 'nodes/metrics'),
  ]),
  clusterRole('system:basic-user', [
    rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  clusterRole('system:public-info-viewer', [paths('/livez', '/readyz', '/healthz', '/version', '/version/')]),
  clusterRole('system:service-account-issuer-discovery', [
    paths('/.well-known/openid-configuration', '/.well-known/openid-configuration/', '/openid/v1/jwks', '/openid/v1/jwks/'),
  ]),
];
