import { signers } from '#core/api/schema/certificates-v1.ts';
import type { PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { eventsRule, read, rule } from './drafts.ts';

/** By the service account in kube-system as which a controller acts, when it has one of its own; the role's name is `system:controller:` and that. */
export const controllerRules = (): Readonly<Record<string, PolicyRule[]>> => ({ ...workloadRules(), ...clusterRules(), ...storageRules(), ...networkRules() });

const workloadRules = (): Record<string, PolicyRule[]> => ({
  'cronjob-controller': [
    rule('get list watch update', 'batch', 'cronjobs'),
    rule('get list watch create update delete patch', 'batch', 'jobs'),
    rule('update', 'batch', 'cronjobs/status'),
    rule('update', 'batch', 'cronjobs/finalizers'),
    rule('list watch delete', 'core', 'pods'),
    eventsRule(),
  ],
  'daemon-set-controller': [
    rule(read, 'extensions apps', 'daemonsets'),
    rule('update', 'extensions apps', 'daemonsets/status'),
    rule('update', 'extensions apps', 'daemonsets/finalizers'),
    rule('list watch', 'core', 'nodes'),
    rule('list watch create delete patch', 'core', 'pods'),
    rule('create', 'core', 'pods/binding'),
    rule('get list watch create delete update patch', 'apps', 'controllerrevisions'),
    eventsRule(),
  ],
  'deployment-controller': [
    rule('get list watch update', 'extensions apps', 'deployments'),
    rule('update', 'extensions apps', 'deployments/status'),
    rule('update', 'extensions apps', 'deployments/finalizers'),
    rule('get list watch create update patch delete', 'apps extensions', 'replicasets'),
    rule('get list watch update', 'core', 'pods'),
    eventsRule(),
  ],
  'disruption-controller': [
    rule(read, 'extensions apps', 'deployments'),
    rule(read, 'apps extensions', 'replicasets'),
    rule(read, 'core', 'replicationcontrollers'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, 'apps', 'statefulsets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
    rule('patch update', 'core', 'pods/status'),
    rule('get', '*', '*/scale'),
    eventsRule(),
  ],
  'horizontal-pod-autoscaler': [
    rule(read, 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'),
    rule('list watch', 'core', 'pods'),
    rule('list watch', 'metrics.k8s.io', 'pods'),
    rule(read, 'custom.metrics.k8s.io', '*'),
    rule(read, 'external.metrics.k8s.io', '*'),
    eventsRule(),
  ],
  'job-controller': [
    rule('get list watch update patch', 'batch', 'jobs'),
    rule('update', 'batch', 'jobs/status'),
    rule('update', 'batch', 'jobs/finalizers'),
    rule('list watch create delete patch', 'core', 'pods'),
    eventsRule(),
  ],
  'pod-garbage-collector': [
    rule('list watch delete', 'core', 'pods'),
    rule(read, 'core', 'nodes'),
    rule('patch', 'core', 'pods/status'),
  ],
  'replicaset-controller': [
    rule('get list watch update', 'apps extensions', 'replicasets'),
    rule('update', 'apps extensions', 'replicasets/status'),
    rule('update', 'apps extensions', 'replicasets/finalizers'),
    rule('list watch patch create delete', 'core', 'pods'),
    eventsRule(),
  ],
  'replication-controller': [
    rule('get list watch update', 'core', 'replicationcontrollers'),
    rule('update', 'core', 'replicationcontrollers/status'),
    rule('update', 'core', 'replicationcontrollers/finalizers'),
    rule('list watch patch create delete', 'core', 'pods'),
    eventsRule(),
  ],
  'resource-claim-controller': [
    rule(read, 'core', 'pods'),
    rule('update', 'core', 'pods/finalizers'),
    rule('get list watch create delete', 'resource.k8s.io', 'resourceclaims'),
    rule('update patch', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
    rule('update patch', 'core', 'pods/status'),
    eventsRule(),
  ],
  'statefulset-controller': [
    rule('list watch', 'core', 'pods'),
    rule(read, 'apps', 'statefulsets'),
    rule('update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'),
    rule('get create delete update patch', 'core', 'pods'),
    rule('get create delete update patch list watch', 'apps', 'controllerrevisions'),
    rule('get create list watch', 'core', 'persistentvolumeclaims'),
    rule('update delete', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'pods/finalizers'),
    eventsRule(),
  ],
  'ttl-after-finished-controller': [rule('get list watch delete', 'batch', 'jobs'), eventsRule()],
});

const clusterRules = (): Record<string, PolicyRule[]> => ({
  'certificate-controller': [
    rule('get list watch delete', 'certificates.k8s.io', 'certificatesigningrequests'),
    rule('update', 'certificates.k8s.io', 'certificatesigningrequests/status certificatesigningrequests/approval'),
    rule('approve', 'certificates.k8s.io', 'signers', signers.apiServerClientKubelet),
    rule('sign', 'certificates.k8s.io', 'signers', Object.values(signers).join(' ')),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    eventsRule(),
  ],
  // It hands on rights of others, which it does not have.
  'clusterrole-aggregation-controller': [rule('escalate get list watch update patch', 'rbac.authorization.k8s.io', 'clusterroles')],
  'generic-garbage-collector': [rule('get list watch patch update delete', '*', '*'), eventsRule()],
  'legacy-service-account-token-cleaner': [
    rule('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    rule('patch delete', 'core', 'secrets'),
  ],
  'namespace-controller': [
    rule('get list watch delete', 'core', 'namespaces'),
    rule('update', 'core', 'namespaces/finalize namespaces/status'),
    rule('get list watch delete deletecollection', '*', '*'),
  ],
  'node-controller': [
    rule('get list watch update delete patch', 'core', 'nodes'),
    rule('patch update', 'core', 'nodes/status'),
    rule('patch update', 'core', 'pods/status'),
    rule('list watch get delete', 'core', 'pods'),
    eventsRule(),
  ],
  'resourcequota-controller': [rule('list watch', '*', '*'), rule('update', 'core', 'resourcequotas/status'), eventsRule()],
  'root-ca-cert-publisher': [rule('create update', 'core', 'configmaps'), eventsRule()],
  'service-account-controller': [rule('create', 'core', 'serviceaccounts'), eventsRule()],
  'ttl-controller': [rule('update patch list watch', 'core', 'nodes'), eventsRule()],
  'validatingadmissionpolicy-status-controller': [
    rule(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    eventsRule(),
  ],
});

const storageRules = (): Record<string, PolicyRule[]> => ({
  'attachdetach-controller': [
    rule('list watch', 'core', 'persistentvolumes persistentvolumeclaims'),
    rule(read, 'core', 'nodes'),
    rule('patch update', 'core', 'nodes/status'),
    rule('list watch', 'core', 'pods'),
    eventsRule(),
    rule('get create delete list watch', 'storage.k8s.io', 'volumeattachments'),
    rule(read, 'storage.k8s.io', 'csidrivers'),
    rule(read, 'storage.k8s.io', 'csinodes'),
  ],
  'ephemeral-volume-controller': [
    rule(read, 'core', 'pods'),
    rule('update', 'core', 'pods/finalizers'),
    rule('get list watch create', 'core', 'persistentvolumeclaims'),
    eventsRule(),
  ],
  'expand-controller': [
    rule('get list watch update patch', 'core', 'persistentvolumes'),
    rule('update patch', 'core', 'persistentvolumeclaims/status'),
    rule(read, 'core', 'persistentvolumeclaims'),
    eventsRule(),
    rule('get', 'core', 'services'),
  ],
  'persistent-volume-binder': [
    rule('get list watch update create delete', 'core', 'persistentvolumes'),
    rule('update', 'core', 'persistentvolumes/status'),
    rule('get list watch update', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'persistentvolumeclaims/status'),
    rule('list watch get create delete', 'core', 'pods'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule('list watch', 'core', 'nodes'),
    eventsRule(),
    rule('watch', 'core', 'events'),
    rule('get', 'core', 'services'),
  ],
  'pv-protection-controller': [rule('get list watch update', 'core', 'persistentvolumes'), eventsRule()],
  'pvc-protection-controller': [rule('get list watch update', 'core', 'persistentvolumeclaims'), rule('list watch get', 'core', 'pods'), eventsRule()],
  'selinux-warning-controller': [
    eventsRule(),
    rule(read, 'core', 'persistentvolumes'),
    rule(read, 'core', 'persistentvolumeclaims'),
    rule(read, 'core', 'pods'),
    rule(read, 'storage.k8s.io', 'csidrivers'),
  ],
  'volumeattributesclass-protection-controller': [
    rule('list watch get', 'core', 'persistentvolumeclaims'),
    rule('list watch get', 'core', 'persistentvolumes'),
    rule('get list watch update', 'storage.k8s.io', 'volumeattributesclasses'),
    eventsRule(),
  ],
});

const networkRules = (): Record<string, PolicyRule[]> => ({
  'endpoint-controller': [
    rule(read, 'core', 'services pods'),
    rule('get list watch create update delete', 'core', 'endpoints'),
    rule('create', 'core', 'endpoints/restricted'),
    eventsRule(),
  ],
  'endpointslice-controller': [
    rule(read, 'core', 'services pods nodes'),
    rule('update', 'core', 'services/finalizers'),
    rule('get list watch create update delete', 'discovery.k8s.io', 'endpointslices'),
    eventsRule(),
  ],
  'endpointslicemirroring-controller': [
    rule(read, 'core', 'services endpoints'),
    rule('update', 'core', 'services/finalizers'),
    rule('update', 'core', 'endpoints/finalizers'),
    rule('get list watch create update delete', 'discovery.k8s.io', 'endpointslices'),
    eventsRule(),
  ],
  'route-controller': [rule('list watch', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), eventsRule()],
  'service-cidrs-controller': [
    rule('get list watch patch update', 'networking.k8s.io', 'servicecidrs'),
    rule('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
    rule('patch update', 'networking.k8s.io', 'servicecidrs/status'),
    rule(read, 'networking.k8s.io', 'ipaddresses'),
    eventsRule(),
  ],
  'service-controller': [
    rule(read, 'core', 'services'),
    rule('patch update', 'core', 'services/status'),
    rule('list watch', 'core', 'nodes'),
    eventsRule(),
  ],
});
