import type { KindOf } from '#core/api/schema/kind.ts';
import { always, bool, granular, inline, list, map, oneOf, pointer, quantity, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { NodeSelector } from './affinity.ts';
import { accessMode, core, volumeMode } from './core.ts';
import {
  AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, AzureFilePersistentVolumeSource, CephFSPersistentVolumeSource,
  CinderPersistentVolumeSource, FCVolumeSource, FlexPersistentVolumeSource, FlockerVolumeSource, GCEPersistentDiskVolumeSource,
  GlusterfsPersistentVolumeSource, ISCSIPersistentVolumeSource, PhotonPersistentDiskVolumeSource, PortworxVolumeSource,
  QuobyteVolumeSource, RBDPersistentVolumeSource, ScaleIOPersistentVolumeSource, StorageOSPersistentVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from './in-tree-volumes.ts';
import { ObjectReference, SecretReference } from './references.ts';
import { HostPathVolumeSource, NFSVolumeSource } from './volumes.ts';

export const LocalVolumeSource = core.type('LocalVolumeSource', 'A directory or block device of one node; nodeAffinity says which.', {
  path: [1, required(string), 'Path on the node.'],
  fsType: [2, pointer(string), 'File system to make on a block device.'],
});
export type LocalVolumeSource = Of<typeof LocalVolumeSource>;

export const CSIPersistentVolumeSource = core.type('CSIPersistentVolumeSource', 'A volume of a CSI driver.', {
  driver: [1, required(string), 'Name of the driver.'],
  volumeHandle: [2, required(string), 'The driver\'s own id of the volume. Cannot change.'],
  readOnly: [3, bool, 'Publish without write access.'],
  fsType: [4, string, 'File system to make and mount.'],
  volumeAttributes: [5, map(string), 'What the driver said of the volume when it made it.'],
  controllerPublishSecretRef: [6, SecretReference, 'Secret for attaching and detaching.'],
  nodeStageSecretRef: [7, SecretReference, 'Secret for staging on a node.'],
  nodePublishSecretRef: [8, SecretReference, 'Secret for publishing to a pod.'],
  controllerExpandSecretRef: [9, SecretReference, 'Secret for growing the volume.'],
  nodeExpandSecretRef: [10, SecretReference, 'Secret for growing the file system on a node.'],
});
export type CSIPersistentVolumeSource = Of<typeof CSIPersistentVolumeSource>;

export const PersistentVolumeSource = core.type('PersistentVolumeSource', 'What a persistent volume is; exactly one field.', {
  gcePersistentDisk: [1, GCEPersistentDiskVolumeSource, 'A disk of Google Compute Engine.'],
  awsElasticBlockStore: [2, AWSElasticBlockStoreVolumeSource, 'An EBS volume.'],
  hostPath: [3, HostPathVolumeSource, 'A directory of whichever node the pod is on; for tests on one node only.'],
  glusterfs: [4, GlusterfsPersistentVolumeSource, 'A volume of Gluster.'],
  nfs: [5, NFSVolumeSource, 'A directory of an NFS server.'],
  rbd: [6, RBDPersistentVolumeSource, 'A block image of Ceph.'],
  iscsi: [7, ISCSIPersistentVolumeSource, 'A logical unit of an iSCSI target.'],
  cinder: [8, CinderPersistentVolumeSource, 'A volume of OpenStack.'],
  cephfs: [9, CephFSPersistentVolumeSource, 'A directory of a Ceph file system.'],
  fc: [10, FCVolumeSource, 'A Fibre Channel device.'],
  flocker: [11, FlockerVolumeSource, 'A data set of Flocker.'],
  flexVolume: [12, FlexPersistentVolumeSource, 'A volume of an exec-based driver.'],
  azureFile: [13, AzureFilePersistentVolumeSource, 'A file share of Azure.'],
  vsphereVolume: [14, VsphereVirtualDiskVolumeSource, 'A virtual disk of vSphere.'],
  quobyte: [15, QuobyteVolumeSource, 'A volume of Quobyte.'],
  azureDisk: [16, AzureDiskVolumeSource, 'A data disk of Azure.'],
  photonPersistentDisk: [17, PhotonPersistentDiskVolumeSource, 'A disk of Photon.'],
  portworxVolume: [18, PortworxVolumeSource, 'A volume of Portworx.'],
  scaleIO: [19, ScaleIOPersistentVolumeSource, 'A volume of ScaleIO.'],
  local: [20, LocalVolumeSource, 'A directory or block device of one node.'],
  storageos: [21, StorageOSPersistentVolumeSource, 'A volume of StorageOS.'],
  csi: [22, CSIPersistentVolumeSource, 'A volume of a CSI driver.'],
});
export type PersistentVolumeSource = Of<typeof PersistentVolumeSource>;

export const VolumeNodeAffinity = core.type('VolumeNodeAffinity', 'From which nodes a volume can be reached.', {
  required: [1, NodeSelector, 'The nodes; pods that use the volume run only there.'],
});
export type VolumeNodeAffinity = Of<typeof VolumeNodeAffinity>;

export const PersistentVolumeSpec = core.type('PersistentVolumeSpec', 'A volume, and who may have it.', {
  capacity: [1, map(quantity), 'Size of the volume, under the key storage.'],
  persistentVolumeSource: [2, inline(PersistentVolumeSource)],
  accessModes: [3, list(accessMode), 'All the ways in which the volume can be mounted.'],
  claimRef: [4, granular(ObjectReference), 'The claim to which the volume is bound, or for which it is kept when uid is empty.'],
  persistentVolumeReclaimPolicy: [5, withDefault(oneOf('Delete', 'Recycle', 'Retain'), 'Retain'), 'What becomes of the volume once its claim is gone.'],
  storageClassName: [6, string, 'The class of the volume; claims of other classes do not get it.'],
  mountOptions: [7, list(string), 'Options for the mount, such as ro or soft; a wrong one makes the mount fail.'],
  volumeMode: [8, withDefault(volumeMode, 'Filesystem'), 'A file system, or a raw block device.'],
  nodeAffinity: [9, VolumeNodeAffinity, 'From which nodes the volume can be reached; from all when absent.'],
  volumeAttributesClassName: [10, pointer(string), 'The VolumeAttributesClass whose settings the volume has.'],
});
export type PersistentVolumeSpec = Of<typeof PersistentVolumeSpec>;

export const PersistentVolumeStatus = core.type('PersistentVolumeStatus', 'How a volume stands.', {
  phase: [1, withDefault(string, 'Pending'), 'Pending, Available, Bound, Released or Failed.'],
  message: [2, string, 'A sentence about the phase.'],
  reason: [3, string, 'One word about a failure.'],
  lastPhaseTransitionTime: [4, time, 'When the phase last changed.'],
});
export type PersistentVolumeStatus = Of<typeof PersistentVolumeStatus>;

export const PersistentVolume = core.kind('PersistentVolume', 'A piece of storage in the cluster, which outlives the pods that use it.', {
  spec: [2, always(PersistentVolumeSpec), 'The volume, and who may have it.'],
  status: [3, always(PersistentVolumeStatus), 'How it stands.'],
}, { namespaced: false });
export type PersistentVolume = KindOf<typeof PersistentVolume>;
