import type { KindOf } from '#core/api/schema/kind.ts';
import { always, bool, int32, int64, list, map, merged, mergedSet, oneOf, pointer, quantity, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const Taint = core.type('Taint', 'Keeps pods off a node unless they tolerate it.', {
  key: [1, required(string), 'The key.'],
  value: [2, string, 'The value.'],
  effect: [3, required(oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute')), 'Keep new pods away, avoid them, or also evict those that run.'],
  timeAdded: [4, time, 'When the taint was put on.'],
});
export type Taint = Of<typeof Taint>;

export const ConfigMapNodeConfigSource = core.type('ConfigMapNodeConfigSource', 'A ConfigMap with the kubelet\'s configuration. Not used any more.', {
  namespace: [1, required(string), 'Namespace of the ConfigMap.'],
  name: [2, required(string), 'Name of the ConfigMap.'],
  uid: [3, string, 'UID of the ConfigMap.'],
  resourceVersion: [4, string, 'Version of the ConfigMap.'],
  kubeletConfigKey: [5, required(string), 'The key with the configuration.'],
});
export type ConfigMapNodeConfigSource = Of<typeof ConfigMapNodeConfigSource>;

export const NodeConfigSource = core.type('NodeConfigSource', 'Where the kubelet\'s configuration comes from. Not used any more.', {
  configMap: [2, ConfigMapNodeConfigSource, 'A ConfigMap.'],
});
export type NodeConfigSource = Of<typeof NodeConfigSource>;

export const NodeSpec = core.type('NodeSpec', 'What is wanted of a node.', {
  podCIDR: [1, string, 'Addresses for the node\'s pods.'],
  podCIDRs: [7, mergedSet(string), 'Addresses for the node\'s pods, at most one range per IP family.'],
  providerID: [3, string, 'The machine behind the node, as provider://id.'],
  unschedulable: [4, bool, 'No new pods; kubectl cordon sets it.'],
  taints: [5, list(Taint), 'What keeps pods off the node.'],
  configSource: [6, NodeConfigSource, 'Not used any more.'],
  externalID: [2, string, 'Not used any more.'],
});
export type NodeSpec = Of<typeof NodeSpec>;

export const NodeCondition = core.type('NodeCondition', 'One aspect of a node\'s state.', {
  type: [1, required(string), 'Name of the aspect, such as Ready or DiskPressure.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastHeartbeatTime: [3, time, 'When the node last said so.'],
  lastTransitionTime: [4, time, 'When status last changed.'],
  reason: [5, string, 'One word in CamelCase for programs.'],
  message: [6, string, 'A sentence for people.'],
});
export type NodeCondition = Of<typeof NodeCondition>;

export const NodeAddress = core.type('NodeAddress', 'An address or name of a node.', {
  type: [1, required(string), 'InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS.'],
  address: [2, required(string), 'The address.'],
});
export type NodeAddress = Of<typeof NodeAddress>;

export const DaemonEndpoint = core.type('DaemonEndpoint', 'The port of a service on the node.', {
  Port: [1, required(int32), 'The port; 0 when there is none.'],
});
export type DaemonEndpoint = Of<typeof DaemonEndpoint>;

export const NodeDaemonEndpoints = core.type('NodeDaemonEndpoints', 'Ports of the node\'s own services.', {
  kubeletEndpoint: [1, always(DaemonEndpoint), 'The node agent\'s port, for logs and exec.'],
});
export type NodeDaemonEndpoints = Of<typeof NodeDaemonEndpoints>;

export const NodeSwapStatus = core.type('NodeSwapStatus', 'Swap of a node.', {
  capacity: [1, pointer(int64), 'Bytes of swap.'],
});
export type NodeSwapStatus = Of<typeof NodeSwapStatus>;

export const NodeSystemInfo = core.type('NodeSystemInfo', 'The machine and the software of a node.', {
  machineID: [1, required(string), 'Id of the operating system\'s installation.'],
  systemUUID: [2, required(string), 'Id of the hardware.'],
  bootID: [3, required(string), 'Id of the present boot.'],
  kernelVersion: [4, required(string), 'Version of the kernel.'],
  osImage: [5, required(string), 'Name of the operating system, as people say it.'],
  containerRuntimeVersion: [6, required(string), 'The container runtime, as name://version.'],
  kubeletVersion: [7, required(string), 'Version of the node agent.'],
  kubeProxyVersion: [8, required(string), 'Not used any more.'],
  operatingSystem: [9, required(string), 'Such as linux.'],
  architecture: [10, required(string), 'Such as amd64.'],
  swap: [11, NodeSwapStatus, 'Swap of the node.'],
});
export type NodeSystemInfo = Of<typeof NodeSystemInfo>;

export const ContainerImage = core.type('ContainerImage', 'An image on the node\'s disk.', {
  names: [1, list(string), 'All names of the image.'],
  sizeBytes: [2, int64, 'Its size.'],
});
export type ContainerImage = Of<typeof ContainerImage>;

export const AttachedVolume = core.type('AttachedVolume', 'A volume that is attached to the node.', {
  name: [1, required(string), 'Name of the volume.'],
  devicePath: [2, required(string), 'Where the device is on the node.'],
});
export type AttachedVolume = Of<typeof AttachedVolume>;

export const NodeConfigStatus = core.type('NodeConfigStatus', 'Which kubelet configuration is in force. Not used any more.', {
  assigned: [1, NodeConfigSource, 'The one that was wanted.'],
  active: [2, NodeConfigSource, 'The one in force.'],
  lastKnownGood: [3, NodeConfigSource, 'The one to fall back to.'],
  error: [4, string, 'Why the wanted one is not in force.'],
});
export type NodeConfigStatus = Of<typeof NodeConfigStatus>;

export const NodeRuntimeHandlerFeatures = core.type('NodeRuntimeHandlerFeatures', 'What a runtime handler can do.', {
  recursiveReadOnlyMounts: [1, pointer(bool), 'Mounts that are read-only all the way down.'],
  userNamespaces: [2, pointer(bool), 'User namespaces.'],
});
export type NodeRuntimeHandlerFeatures = Of<typeof NodeRuntimeHandlerFeatures>;

export const NodeRuntimeHandler = core.type('NodeRuntimeHandler', 'A handler of the container runtime.', {
  name: [1, withDefault(string, ''), 'Name of the handler; empty for the default one.'],
  features: [2, NodeRuntimeHandlerFeatures, 'What it can do.'],
});
export type NodeRuntimeHandler = Of<typeof NodeRuntimeHandler>;

export const NodeFeatures = core.type('NodeFeatures', 'What the container runtime can do.', {
  supplementalGroupsPolicy: [1, pointer(bool), 'Honours supplementalGroupsPolicy.'],
});
export type NodeFeatures = Of<typeof NodeFeatures>;

export const NodeStatus = core.type('NodeStatus', 'How a node stands, as it last reported.', {
  capacity: [1, map(quantity), 'All compute and storage of the node.'],
  allocatable: [2, map(quantity), 'What is left of capacity for pods.'],
  phase: [3, string, 'Not used any more.'],
  conditions: [4, merged(NodeCondition, ['type']), 'Whether the node is ready and short of anything.'],
  addresses: [5, merged(NodeAddress, ['type']), 'Addresses and names of the node.'],
  daemonEndpoints: [6, always(NodeDaemonEndpoints), 'Ports of the node\'s own services.'],
  nodeInfo: [7, always(NodeSystemInfo), 'The machine and its software.'],
  images: [8, list(ContainerImage), 'Images on the node\'s disk.'],
  volumesInUse: [9, list(string), 'Attachable volumes that are mounted.'],
  volumesAttached: [10, list(AttachedVolume), 'Volumes that are attached.'],
  config: [11, NodeConfigStatus, 'Not used any more.'],
  runtimeHandlers: [12, list(NodeRuntimeHandler), 'Handlers of the container runtime.'],
  features: [13, NodeFeatures, 'What the container runtime can do.'],
});
export type NodeStatus = Of<typeof NodeStatus>;

export const Node = core.kind('Node', 'A machine that runs pods.', {
  spec: [2, always(NodeSpec), 'What is wanted of the node.'],
  status: [3, always(NodeStatus), 'How it stands, as it last reported.'],
}, { namespaced: false });
export type Node = KindOf<typeof Node>;
