import { TopologySelectorTerm } from './core-v1/affinity.ts';
import { PersistentVolumeSpec } from './core-v1/persistent-volume.ts';
import { groupVersion, type KindOf } from './kind.ts';
import { LabelSelector } from './meta.ts';
import { always, bool, int32, int64, list, map, merged, oneOf, pointer, quantity, required, set, string, time, withDefault, type Of } from './type.ts';

const storage = groupVersion('io.k8s.api.storage.v1', 'storage.k8s.io', 'v1');

export const StorageClass = storage.kind('StorageClass', 'A kind of storage, and how volumes of it are made. Only few fields can change.', {
  provisioner: [2, required(string), 'Name of the driver that makes the volumes.'],
  parameters: [3, map(string), 'Settings for the driver.'],
  reclaimPolicy: [4, withDefault({ ...oneOf('Delete', 'Retain'), listed: ['Delete', 'Recycle', 'Retain'] }, 'Delete'), 'What becomes of a volume once its claim is gone.'],
  mountOptions: [5, list(string), 'Options with which the volumes are mounted.'],
  allowVolumeExpansion: [6, pointer(bool), 'Whether claims may grow.'],
  volumeBindingMode: [7, withDefault(oneOf('Immediate', 'WaitForFirstConsumer'), 'Immediate'), 'Bind a claim at once, or when the first pod uses it.'],
  allowedTopologies: [8, list(TopologySelectorTerm), 'Where volumes may be made; anywhere when absent.'],
}, { plural: 'storageclasses', namespaced: false });
export type StorageClass = KindOf<typeof StorageClass>;

export const TokenRequest = storage.type('TokenRequest', 'A service account token that the driver needs.', {
  audience: [1, required(string), 'For whom the token is meant; the API server when empty.'],
  expirationSeconds: [2, pointer(int64), 'Seconds until the token expires.'],
});
export type TokenRequest = Of<typeof TokenRequest>;

export const CSIDriverSpec = storage.type('CSIDriverSpec', 'What a CSI driver needs and can do.', {
  attachRequired: [1, withDefault(pointer(bool), true), 'Volumes must be attached to a node before they are mounted.'],
  podInfoOnMount: [2, withDefault(pointer(bool), false), 'Tell the driver at each mount which pod it is for.'],
  volumeLifecycleModes: [3, withDefault(set(oneOf('Ephemeral', 'Persistent')), ['Persistent']), 'Volumes by claims, or inside a pod, or both.'],
  storageCapacity: [4, withDefault(pointer(bool), false), 'The scheduler heeds the driver\'s CSIStorageCapacity objects.'],
  fsGroupPolicy: [5, withDefault(oneOf('File', 'None', 'ReadWriteOnceWithFSType'), 'ReadWriteOnceWithFSType'), 'When fsGroup changes the ownership of files.'],
  tokenRequests: [6, list(TokenRequest), 'Tokens of the pod\'s service account that the driver gets at each mount.'],
  requiresRepublish: [7, withDefault(pointer(bool), false), 'Publish again from time to time, so that content can change.'],
  seLinuxMount: [8, withDefault(pointer(bool), false), 'The driver can mount with an SELinux label.'],
  nodeAllocatableUpdatePeriodSeconds: [9, pointer(int64), 'Seconds between looks at how many volumes a node can take.'],
});
export type CSIDriverSpec = Of<typeof CSIDriverSpec>;

export const CSIDriver = storage.kind('CSIDriver', 'A CSI driver of the cluster; the name is the driver\'s.', {
  spec: [2, required(CSIDriverSpec), 'What the driver needs and can do.'],
}, { namespaced: false });
export type CSIDriver = KindOf<typeof CSIDriver>;

export const VolumeNodeResources = storage.type('VolumeNodeResources', 'How many volumes a node can take.', {
  count: [1, pointer(int32), 'The most volumes at a time; no limit when absent.'],
});
export type VolumeNodeResources = Of<typeof VolumeNodeResources>;

export const CSINodeDriver = storage.type('CSINodeDriver', 'A driver that runs on the node.', {
  name: [1, required(string), 'Name of the driver.'],
  nodeID: [2, required(string), 'The driver\'s own name for the node.'],
  topologyKeys: [3, list(string), 'Node labels that say where the node is to the driver.'],
  allocatable: [4, VolumeNodeResources, 'How many volumes the node can take.'],
});
export type CSINodeDriver = Of<typeof CSINodeDriver>;

export const CSINodeSpec = storage.type('CSINodeSpec', 'The drivers on a node.', {
  drivers: [1, required(merged(CSINodeDriver, ['name'])), 'The drivers.'],
});
export type CSINodeSpec = Of<typeof CSINodeSpec>;

export const CSINode = storage.kind('CSINode', 'The CSI drivers on one node; the name is the node\'s.', {
  spec: [2, required(CSINodeSpec), 'The drivers on the node.'],
}, { namespaced: false });
export type CSINode = KindOf<typeof CSINode>;

export const VolumeAttachmentSource = storage.type('VolumeAttachmentSource', 'The volume to attach; exactly one.', {
  persistentVolumeName: [1, pointer(string), 'A persistent volume.'],
  inlineVolumeSpec: [2, PersistentVolumeSpec, 'A volume that stands in the pod itself.'],
});
export type VolumeAttachmentSource = Of<typeof VolumeAttachmentSource>;

export const VolumeAttachmentSpec = storage.type('VolumeAttachmentSpec', 'Which volume to attach to which node.', {
  attacher: [1, required(string), 'Name of the driver that attaches.'],
  source: [2, required(VolumeAttachmentSource), 'The volume.'],
  nodeName: [3, required(string), 'The node.'],
});
export type VolumeAttachmentSpec = Of<typeof VolumeAttachmentSpec>;

export const VolumeError = storage.type('VolumeError', 'Why an attach or detach last failed.', {
  time: [1, time, 'When it failed.'],
  message: [2, string, 'A sentence about it; must hold no secrets.'],
  errorCode: [3, pointer(int32), 'The gRPC code of the failure.'],
});
export type VolumeError = Of<typeof VolumeError>;

export const VolumeAttachmentStatus = storage.type('VolumeAttachmentStatus', 'Whether the volume is attached.', {
  attached: [1, required(bool), 'True once the volume is attached.'],
  attachmentMetadata: [2, map(string), 'What the driver said, needed for the mount.'],
  attachError: [3, VolumeError, 'Why attaching last failed.'],
  detachError: [4, VolumeError, 'Why detaching last failed.'],
});
export type VolumeAttachmentStatus = Of<typeof VolumeAttachmentStatus>;

export const VolumeAttachment = storage.kind('VolumeAttachment', 'The wish that a volume be attached to a node, and what became of it.', {
  spec: [2, required(VolumeAttachmentSpec), 'Which volume to attach to which node. Cannot change.'],
  status: [3, always(VolumeAttachmentStatus), 'Whether it is attached.'],
}, { namespaced: false });
export type VolumeAttachment = KindOf<typeof VolumeAttachment>;

export const CSIStorageCapacity = storage.kind('CSIStorageCapacity', 'How much room a storage class has in one part of the cluster.', {
  nodeTopology: [2, LabelSelector, 'Nodes that reach this storage; none when absent, all when empty.'],
  storageClassName: [3, required(string), 'The class. Cannot change.'],
  capacity: [4, quantity, 'Room that is left.'],
  maximumVolumeSize: [5, quantity, 'The largest volume that can be made.'],
}, { plural: 'csistoragecapacities' });
export type CSIStorageCapacity = KindOf<typeof CSIStorageCapacity>;

export const VolumeAttributesClass = storage.kind('VolumeAttributesClass', 'Settings of volumes that can change while they are in use.', {
  driverName: [2, required(string), 'Name of the CSI driver. Cannot change.'],
  parameters: [3, map(string), 'The settings, as the driver knows them. Cannot change.'],
}, { plural: 'volumeattributesclasses', namespaced: false });
export type VolumeAttributesClass = KindOf<typeof VolumeAttributesClass>;
