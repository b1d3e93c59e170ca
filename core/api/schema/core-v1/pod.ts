import type { KindOf } from '#core/api/schema/kind.ts';
import { TemplateMeta } from '#core/api/schema/meta.ts';
import { always, atomicMap, bool, int32, int64, list, map, merged, mergedAtomic, oneOf, pointer, quantity, required, retainKeys, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { Affinity, Toleration, TopologySpreadConstraint } from './affinity.ts';
import { ContainerStatus } from './container-status.ts';
import { Container, EphemeralContainer, ResourceRequirements } from './container.ts';
import { core } from './core.ts';
import { LocalObjectReference, ObjectReference } from './references.ts';
import { PodSecurityContext } from './security.ts';
import { Volume } from './volumes.ts';

export const HostAlias = core.type('HostAlias', 'A line for the pod\'s /etc/hosts.', {
  ip: [1, required(string), 'The address.'],
  hostnames: [2, list(string), 'The names that lead to it.'],
});
export type HostAlias = Of<typeof HostAlias>;

export const PodDNSConfigOption = core.type('PodDNSConfigOption', 'An option of the resolver.', {
  name: [1, string, 'Name of the option.'],
  value: [2, pointer(string), 'Its value, if it takes one.'],
});
export type PodDNSConfigOption = Of<typeof PodDNSConfigOption>;

export const PodDNSConfig = core.type('PodDNSConfig', 'Resolver settings, added to those of dnsPolicy.', {
  nameservers: [1, list(string), 'Addresses of name servers.'],
  searches: [2, list(string), 'Domains to search.'],
  options: [3, list(PodDNSConfigOption), 'Options of the resolver.'],
});
export type PodDNSConfig = Of<typeof PodDNSConfig>;

export const PodReadinessGate = core.type('PodReadinessGate', 'A condition without which the pod is not ready.', {
  conditionType: [1, required(string), 'Type of the condition in the pod\'s status.'],
});
export type PodReadinessGate = Of<typeof PodReadinessGate>;

export const PodOS = core.type('PodOS', 'The operating system that a pod needs.', {
  name: [1, required(oneOf('linux', 'windows')), 'Its name.'],
});
export type PodOS = Of<typeof PodOS>;

export const PodSchedulingGate = core.type('PodSchedulingGate', 'Keeps a pod from being scheduled while it stands.', {
  name: [1, required(string), 'Name of the gate.'],
});
export type PodSchedulingGate = Of<typeof PodSchedulingGate>;

export const PodResourceClaim = core.type('PodResourceClaim', 'Devices for the pod: a claim that exists, or one to be made.', {
  name: [1, required(string), 'Name by which containers refer to it.'],
  resourceClaimName: [3, pointer(string), 'A ResourceClaim that exists.'],
  resourceClaimTemplateName: [4, pointer(string), 'A ResourceClaimTemplate from which to make one.'],
});
export type PodResourceClaim = Of<typeof PodResourceClaim>;

export const PodSpec = core.type('PodSpec', 'What a pod runs, and where and how.', {
  volumes: [1, retainKeys(merged(Volume, ['name'])), 'Volumes that the containers can mount.'],
  initContainers: [20, merged(Container, ['name']), 'Containers that run to their end, one after the other, before the others start.'],
  containers: [2, required(merged(Container, ['name'])), 'The containers, at least one.'],
  ephemeralContainers: [34, merged(EphemeralContainer, ['name']), 'Containers added for debugging, only through the ephemeralcontainers subresource.'],
  restartPolicy: [3, withDefault(oneOf('Always', 'OnFailure', 'Never'), 'Always'), 'When containers that end are started again.'],
  terminationGracePeriodSeconds: [4, withDefault(pointer(int64), 30), 'Seconds between the request to stop and the kill.'],
  activeDeadlineSeconds: [5, pointer(int64), 'Seconds after which the pod is ended as failed.'],
  dnsPolicy: [6, withDefault(oneOf('ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'), 'ClusterFirst'), 'From where the resolver settings come.'],
  nodeSelector: [7, atomicMap(string), 'Labels that the node must have.'],
  serviceAccountName: [8, string, 'The ServiceAccount as which the pod acts.'],
  serviceAccount: [9, string, 'Old name of serviceAccountName.'],
  automountServiceAccountToken: [21, pointer(bool), 'Whether a token of the service account is mounted.'],
  nodeName: [10, string, 'The node of the pod; set by the scheduler.'],
  hostNetwork: [11, bool, 'Use the node\'s network namespace.'],
  hostPID: [12, bool, 'Use the node\'s process namespace.'],
  hostIPC: [13, bool, 'Use the node\'s IPC namespace.'],
  shareProcessNamespace: [27, pointer(bool), 'One process namespace for all containers.'],
  securityContext: [14, withDefault(PodSecurityContext, {}), 'Privileges of all containers.'],
  imagePullSecrets: [15, merged(LocalObjectReference, ['name']), 'Secrets with registry credentials.'],
  hostname: [16, string, 'Host name of the pod; its own name when absent.'],
  subdomain: [17, string, 'Makes the full name hostname.subdomain.namespace.svc.'],
  affinity: [18, Affinity, 'Where the pod needs or prefers to run.'],
  schedulerName: [19, withDefault(string, 'default-scheduler'), 'Which scheduler places the pod.'],
  tolerations: [22, list(Toleration), 'Taints that the pod tolerates.'],
  hostAliases: [23, merged(HostAlias, ['ip']), 'Further lines for /etc/hosts.'],
  priorityClassName: [24, string, 'The PriorityClass of the pod.'],
  priority: [25, pointer(int32), 'Priority, taken from the class; higher goes first.'],
  dnsConfig: [26, PodDNSConfig, 'Resolver settings.'],
  readinessGates: [28, list(PodReadinessGate), 'Further conditions without which the pod is not ready.'],
  runtimeClassName: [29, pointer(string), 'The RuntimeClass that runs the pod.'],
  enableServiceLinks: [30, pointer(bool), 'Give containers environment variables about Services.'],
  preemptionPolicy: [31, oneOf('PreemptLowerPriority', 'Never'), 'Whether the pod may push out others of lower priority.'],
  overhead: [32, map(quantity), 'Compute that the runtime itself needs; set from the RuntimeClass.'],
  topologySpreadConstraints: [33, merged(TopologySpreadConstraint, ['topologyKey', 'whenUnsatisfiable']), 'How pods spread over a topology; all must hold.'],
  setHostnameAsFQDN: [35, pointer(bool), 'Use the full name as the host name.'],
  os: [36, PodOS, 'The operating system that the pod needs.'],
  hostUsers: [37, pointer(bool), 'False gives the pod a user namespace of its own.'],
  schedulingGates: [38, merged(PodSchedulingGate, ['name']), 'While any is left, the pod is not scheduled; they can only be removed.'],
  resourceClaims: [39, retainKeys(merged(PodResourceClaim, ['name'])), 'Devices for the pod.'],
  resources: [40, ResourceRequirements, 'Compute of all containers together.'],
  hostnameOverride: [41, pointer(string), 'Host name inside the pod, whatever the other fields say.'],
});
export type PodSpec = Of<typeof PodSpec>;

export const PodCondition = core.type('PodCondition', 'One aspect of a pod\'s state.', {
  type: [1, required(string), 'Name of the aspect, such as Ready or PodScheduled.'],
  observedGeneration: [7, int64, 'The generation to which this speaks.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastProbeTime: [3, time, 'When it was last looked at.'],
  lastTransitionTime: [4, time, 'When status last changed.'],
  reason: [5, string, 'One word in CamelCase for programs.'],
  message: [6, string, 'A sentence for people.'],
});
export type PodCondition = Of<typeof PodCondition>;

export const HostIP = core.type('HostIP', 'An address of the pod\'s node.', {
  ip: [1, required(string), 'The address.'],
});
export type HostIP = Of<typeof HostIP>;

export const PodIP = core.type('PodIP', 'An address of the pod.', {
  ip: [1, required(string), 'The address.'],
});
export type PodIP = Of<typeof PodIP>;

export const PodResourceClaimStatus = core.type('PodResourceClaimStatus', 'The ResourceClaim that was made for an entry of resourceClaims.', {
  name: [1, required(string), 'Name of the entry.'],
  resourceClaimName: [2, pointer(string), 'Name of the ResourceClaim.'],
});
export type PodResourceClaimStatus = Of<typeof PodResourceClaimStatus>;

export const ContainerExtendedResourceRequest = core.type('ContainerExtendedResourceRequest', 'Which request of a claim stands for a container\'s extended resource.', {
  containerName: [1, required(string), 'The container.'],
  resourceName: [2, required(string), 'The extended resource.'],
  requestName: [3, required(string), 'The request in the claim.'],
});
export type ContainerExtendedResourceRequest = Of<typeof ContainerExtendedResourceRequest>;

export const PodExtendedResourceClaimStatus = core.type('PodExtendedResourceClaimStatus', 'The ResourceClaim behind a pod\'s extended resources.', {
  requestMappings: [1, required(list(ContainerExtendedResourceRequest)), 'Which request stands for which resource.'],
  resourceClaimName: [2, required(string), 'Name of the ResourceClaim.'],
});
export type PodExtendedResourceClaimStatus = Of<typeof PodExtendedResourceClaimStatus>;

export const PodStatus = core.type('PodStatus', 'What a pod does, as its node last reported.', {
  observedGeneration: [17, int64, 'The generation to which this speaks.'],
  phase: [1, withDefault(string, 'Pending'), 'Pending, Running, Succeeded, Failed or Unknown.'],
  conditions: [2, merged(PodCondition, ['type']), 'Whether the pod is scheduled, initialised and ready.'],
  message: [3, string, 'A sentence about the state.'],
  reason: [4, string, 'One word about the state, such as Evicted.'],
  nominatedNodeName: [11, string, 'Node on which room is being made for the pod.'],
  hostIP: [5, string, 'Address of the pod\'s node.'],
  hostIPs: [16, mergedAtomic(HostIP, 'ip'), 'All addresses of the pod\'s node.'],
  podIP: [6, string, 'Address of the pod.'],
  podIPs: [12, merged(PodIP, ['ip']), 'All addresses of the pod, at most one per IP family.'],
  startTime: [7, time, 'When the node accepted the pod.'],
  initContainerStatuses: [10, list(ContainerStatus), 'How each init container stands.'],
  containerStatuses: [8, list(ContainerStatus), 'How each container stands.'],
  qosClass: [9, string, 'Guaranteed, Burstable or BestEffort, by the containers\' resources.'],
  ephemeralContainerStatuses: [13, list(ContainerStatus), 'How each ephemeral container stands.'],
  resize: [14, string, 'Old form of the resize conditions.'],
  resourceClaimStatuses: [15, retainKeys(merged(PodResourceClaimStatus, ['name'])), 'ResourceClaims that were made for the pod.'],
  extendedResourceClaimStatus: [18, PodExtendedResourceClaimStatus, 'The ResourceClaim behind extended resources.'],
});
export type PodStatus = Of<typeof PodStatus>;

export const Pod = core.kind('Pod', 'Containers that run together on one node and share its network and volumes.', {
  spec: [2, always(PodSpec), 'What the pod runs, and where and how.'],
  status: [3, always(PodStatus), 'What it does, as its node last reported.'],
});
export type Pod = KindOf<typeof Pod>;

export const PodTemplateSpec = core.type('PodTemplateSpec', 'A pod to be made.', {
  metadata: [1, always(TemplateMeta), 'Labels and annotations of the pod.'],
  spec: [2, always(PodSpec), 'What the pod runs, and where and how.'],
});
export type PodTemplateSpec = Of<typeof PodTemplateSpec>;

export const Binding = core.kind('Binding', 'Puts a pod on a node; the name is the pod\'s.', {
  target: [2, required(ObjectReference), 'The node.'],
});
export type Binding = KindOf<typeof Binding>;
