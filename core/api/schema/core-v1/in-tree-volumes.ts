import { bool, int32, list, map, oneOf, pointer, required, string, withDefault, type Of, type Table } from '#core/api/schema/type.ts';
import { core } from './core.ts';
import { LocalObjectReference, ObjectReference, SecretReference } from './references.ts';

/* Volumes for which Kubernetes once had code of its own. They are accepted and kept; a CSI driver does the work, if any.
   A pod's form names a Secret in the pod's namespace, a persistent volume's form one in any namespace. */

export const GCEPersistentDiskVolumeSource = core.type('GCEPersistentDiskVolumeSource', 'A disk of Google Compute Engine.', {
  pdName: [1, required(string), 'Name of the disk.'],
  fsType: [2, string, 'File system of the disk.'],
  partition: [3, int32, 'Partition to mount; the whole disk when 0.'],
  readOnly: [4, bool, 'Mount without write access.'],
});
export type GCEPersistentDiskVolumeSource = Of<typeof GCEPersistentDiskVolumeSource>;

export const AWSElasticBlockStoreVolumeSource = core.type('AWSElasticBlockStoreVolumeSource', 'An EBS volume of Amazon Web Services.', {
  volumeID: [1, required(string), 'Id of the volume.'],
  fsType: [2, string, 'File system of the volume.'],
  partition: [3, int32, 'Partition to mount; the whole volume when 0.'],
  readOnly: [4, bool, 'Mount without write access.'],
});
export type AWSElasticBlockStoreVolumeSource = Of<typeof AWSElasticBlockStoreVolumeSource>;

export const GitRepoVolumeSource = core.type('GitRepoVolumeSource', 'A fresh clone of a git repository. Deprecated: clone in an init container.', {
  repository: [1, required(string), 'URL of the repository.'],
  revision: [2, string, 'Commit to check out.'],
  directory: [3, string, 'Directory for the clone, inside the volume.'],
});
export type GitRepoVolumeSource = Of<typeof GitRepoVolumeSource>;

const iscsi = {
  targetPortal: [1, required(string), 'Address of the target, with its port if not 3260.'],
  iqn: [2, required(string), 'Qualified name of the target.'],
  lun: [3, required(int32), 'Number of the logical unit.'],
  iscsiInterface: [4, withDefault(string, 'default'), 'Interface of the initiator.'],
  fsType: [5, string, 'File system of the volume.'],
  readOnly: [6, bool, 'Mount without write access.'],
  portals: [7, list(string), 'Further addresses of the target.'],
  chapAuthDiscovery: [8, bool, 'Authenticate discovery by CHAP.'],
  chapAuthSession: [11, bool, 'Authenticate the session by CHAP.'],
  initiatorName: [12, string, 'Qualified name of the initiator.'],
} as const satisfies Table;

export const ISCSIVolumeSource = core.type('ISCSIVolumeSource', 'A logical unit of an iSCSI target.', {
  ...iscsi,
  secretRef: [10, LocalObjectReference, 'Secret with the CHAP credentials.'],
});
export type ISCSIVolumeSource = Of<typeof ISCSIVolumeSource>;

export const ISCSIPersistentVolumeSource = core.type('ISCSIPersistentVolumeSource', 'A logical unit of an iSCSI target.', {
  ...iscsi,
  secretRef: [10, SecretReference, 'Secret with the CHAP credentials.'],
});
export type ISCSIPersistentVolumeSource = Of<typeof ISCSIPersistentVolumeSource>;

const glusterfs = {
  endpoints: [1, required(string), 'Name of the Endpoints that list the servers.'],
  path: [2, required(string), 'Name of the volume.'],
  readOnly: [3, bool, 'Mount without write access.'],
} as const satisfies Table;

export const GlusterfsVolumeSource = core.type('GlusterfsVolumeSource', 'A volume of Gluster.', glusterfs);
export type GlusterfsVolumeSource = Of<typeof GlusterfsVolumeSource>;

export const GlusterfsPersistentVolumeSource = core.type('GlusterfsPersistentVolumeSource', 'A volume of Gluster.', {
  ...glusterfs,
  endpointsNamespace: [4, pointer(string), 'Namespace of the Endpoints; the claim\'s when absent.'],
});
export type GlusterfsPersistentVolumeSource = Of<typeof GlusterfsPersistentVolumeSource>;

const rbd = {
  monitors: [1, required(list(string)), 'Addresses of the Ceph monitors.'],
  image: [2, required(string), 'Name of the image.'],
  fsType: [3, string, 'File system of the image.'],
  pool: [4, withDefault(string, 'rbd'), 'Pool of the image.'],
  user: [5, withDefault(string, 'admin'), 'Ceph user.'],
  keyring: [6, withDefault(string, '/etc/ceph/keyring'), 'Path of the key ring on the node.'],
  readOnly: [8, bool, 'Mount without write access.'],
} as const satisfies Table;

export const RBDVolumeSource = core.type('RBDVolumeSource', 'A block image of Ceph.', {
  ...rbd,
  secretRef: [7, LocalObjectReference, 'Secret with the Ceph key; wins over keyring.'],
});
export type RBDVolumeSource = Of<typeof RBDVolumeSource>;

export const RBDPersistentVolumeSource = core.type('RBDPersistentVolumeSource', 'A block image of Ceph.', {
  ...rbd,
  secretRef: [7, SecretReference, 'Secret with the Ceph key; wins over keyring.'],
});
export type RBDPersistentVolumeSource = Of<typeof RBDPersistentVolumeSource>;

const flex = {
  driver: [1, required(string), 'Name of the driver.'],
  fsType: [2, string, 'File system of the volume.'],
  readOnly: [4, bool, 'Mount without write access.'],
  options: [5, map(string), 'Options for the driver.'],
} as const satisfies Table;

export const FlexVolumeSource = core.type('FlexVolumeSource', 'A volume of an exec-based driver. Deprecated: use CSI.', {
  ...flex,
  secretRef: [3, LocalObjectReference, 'Secret handed to the driver.'],
});
export type FlexVolumeSource = Of<typeof FlexVolumeSource>;

export const FlexPersistentVolumeSource = core.type('FlexPersistentVolumeSource', 'A volume of an exec-based driver. Deprecated: use CSI.', {
  ...flex,
  secretRef: [3, SecretReference, 'Secret handed to the driver.'],
});
export type FlexPersistentVolumeSource = Of<typeof FlexPersistentVolumeSource>;

const cinder = {
  volumeID: [1, required(string), 'Id of the volume.'],
  fsType: [2, string, 'File system of the volume.'],
  readOnly: [3, bool, 'Mount without write access.'],
} as const satisfies Table;

export const CinderVolumeSource = core.type('CinderVolumeSource', 'A volume of OpenStack.', {
  ...cinder,
  secretRef: [4, LocalObjectReference, 'Secret with the OpenStack credentials.'],
});
export type CinderVolumeSource = Of<typeof CinderVolumeSource>;

export const CinderPersistentVolumeSource = core.type('CinderPersistentVolumeSource', 'A volume of OpenStack.', {
  ...cinder,
  secretRef: [4, SecretReference, 'Secret with the OpenStack credentials.'],
});
export type CinderPersistentVolumeSource = Of<typeof CinderPersistentVolumeSource>;

const cephfs = {
  monitors: [1, required(list(string)), 'Addresses of the Ceph monitors.'],
  path: [2, string, 'Directory to mount; the root when absent.'],
  user: [3, string, 'Ceph user.'],
  secretFile: [4, string, 'Path of the key ring on the node.'],
  readOnly: [6, bool, 'Mount without write access.'],
} as const satisfies Table;

export const CephFSVolumeSource = core.type('CephFSVolumeSource', 'A directory of a Ceph file system.', {
  ...cephfs,
  secretRef: [5, LocalObjectReference, 'Secret with the Ceph key; wins over secretFile.'],
});
export type CephFSVolumeSource = Of<typeof CephFSVolumeSource>;

export const CephFSPersistentVolumeSource = core.type('CephFSPersistentVolumeSource', 'A directory of a Ceph file system.', {
  ...cephfs,
  secretRef: [5, SecretReference, 'Secret with the Ceph key; wins over secretFile.'],
});
export type CephFSPersistentVolumeSource = Of<typeof CephFSPersistentVolumeSource>;

export const FlockerVolumeSource = core.type('FlockerVolumeSource', 'A data set of Flocker; exactly one of the two.', {
  datasetName: [1, string, 'Name of the data set. Deprecated.'],
  datasetUUID: [2, string, 'Id of the data set.'],
});
export type FlockerVolumeSource = Of<typeof FlockerVolumeSource>;

export const FCVolumeSource = core.type('FCVolumeSource', 'A Fibre Channel device, by WWNs and LUN or by WWIDs.', {
  targetWWNs: [1, list(string), 'World-wide names of the target.'],
  lun: [2, pointer(int32), 'Number of the logical unit.'],
  fsType: [3, string, 'File system of the device.'],
  readOnly: [4, bool, 'Mount without write access.'],
  wwids: [5, list(string), 'World-wide ids of the device.'],
});
export type FCVolumeSource = Of<typeof FCVolumeSource>;

const azureFile = {
  secretName: [1, required(string), 'Secret with the storage account\'s name and key.'],
  shareName: [2, required(string), 'Name of the share.'],
  readOnly: [3, bool, 'Mount without write access.'],
} as const satisfies Table;

export const AzureFileVolumeSource = core.type('AzureFileVolumeSource', 'A file share of Azure.', azureFile);
export type AzureFileVolumeSource = Of<typeof AzureFileVolumeSource>;

export const AzureFilePersistentVolumeSource = core.type('AzureFilePersistentVolumeSource', 'A file share of Azure.', {
  ...azureFile,
  secretNamespace: [4, pointer(string), 'Namespace of the Secret; the claim\'s when absent.'],
});
export type AzureFilePersistentVolumeSource = Of<typeof AzureFilePersistentVolumeSource>;

export const AzureDiskVolumeSource = core.type('AzureDiskVolumeSource', 'A data disk of Azure.', {
  diskName: [1, required(string), 'Name of the disk.'],
  diskURI: [2, required(string), 'URI of the disk.'],
  cachingMode: [3, withDefault(oneOf('None', 'ReadOnly', 'ReadWrite'), 'ReadWrite'), 'How the host caches the disk.'],
  fsType: [4, withDefault(pointer(string), 'ext4'), 'File system of the disk.'],
  readOnly: [5, withDefault(pointer(bool), false), 'Mount without write access.'],
  kind: [6, withDefault(oneOf('Dedicated', 'Managed', 'Shared'), 'Shared'), 'Kind of storage account behind the disk.'],
});
export type AzureDiskVolumeSource = Of<typeof AzureDiskVolumeSource>;

export const VsphereVirtualDiskVolumeSource = core.type('VsphereVirtualDiskVolumeSource', 'A virtual disk of vSphere.', {
  volumePath: [1, required(string), 'Path of the disk.'],
  fsType: [2, string, 'File system of the disk.'],
  storagePolicyName: [3, string, 'Name of the storage policy.'],
  storagePolicyID: [4, string, 'Id of the storage policy.'],
});
export type VsphereVirtualDiskVolumeSource = Of<typeof VsphereVirtualDiskVolumeSource>;

export const QuobyteVolumeSource = core.type('QuobyteVolumeSource', 'A volume of Quobyte.', {
  registry: [1, required(string), 'Addresses of the registries, with commas between.'],
  volume: [2, required(string), 'Name of the volume.'],
  readOnly: [3, bool, 'Mount without write access.'],
  user: [4, string, 'User to whom access is mapped.'],
  group: [5, string, 'Group to which access is mapped.'],
  tenant: [6, string, 'Tenant that owns the volume.'],
});
export type QuobyteVolumeSource = Of<typeof QuobyteVolumeSource>;

export const PhotonPersistentDiskVolumeSource = core.type('PhotonPersistentDiskVolumeSource', 'A disk of Photon.', {
  pdID: [1, required(string), 'Id of the disk.'],
  fsType: [2, string, 'File system of the disk.'],
});
export type PhotonPersistentDiskVolumeSource = Of<typeof PhotonPersistentDiskVolumeSource>;

export const PortworxVolumeSource = core.type('PortworxVolumeSource', 'A volume of Portworx.', {
  volumeID: [1, required(string), 'Id of the volume.'],
  fsType: [2, string, 'File system of the volume.'],
  readOnly: [3, bool, 'Mount without write access.'],
});
export type PortworxVolumeSource = Of<typeof PortworxVolumeSource>;

const scaleIO = {
  gateway: [1, required(string), 'Address of the gateway.'],
  system: [2, required(string), 'Name of the system.'],
  sslEnabled: [4, bool, 'Speak TLS with the gateway.'],
  protectionDomain: [5, string, 'Protection domain of the storage.'],
  storagePool: [6, string, 'Pool in the protection domain.'],
  storageMode: [7, withDefault(string, 'ThinProvisioned'), 'ThickProvisioned or ThinProvisioned.'],
  volumeName: [8, string, 'Name of a volume that exists.'],
  fsType: [9, withDefault(string, 'xfs'), 'File system of the volume.'],
  readOnly: [10, bool, 'Mount without write access.'],
} as const satisfies Table;

export const ScaleIOVolumeSource = core.type('ScaleIOVolumeSource', 'A volume of ScaleIO.', {
  ...scaleIO,
  secretRef: [3, required(LocalObjectReference), 'Secret with the credentials.'],
});
export type ScaleIOVolumeSource = Of<typeof ScaleIOVolumeSource>;

export const ScaleIOPersistentVolumeSource = core.type('ScaleIOPersistentVolumeSource', 'A volume of ScaleIO.', {
  ...scaleIO,
  secretRef: [3, required(SecretReference), 'Secret with the credentials.'],
});
export type ScaleIOPersistentVolumeSource = Of<typeof ScaleIOPersistentVolumeSource>;

const storageos = {
  volumeName: [1, string, 'Name of the volume.'],
  volumeNamespace: [2, string, 'Namespace of the volume inside StorageOS.'],
  fsType: [3, string, 'File system of the volume.'],
  readOnly: [4, bool, 'Mount without write access.'],
} as const satisfies Table;

export const StorageOSVolumeSource = core.type('StorageOSVolumeSource', 'A volume of StorageOS.', {
  ...storageos,
  secretRef: [5, LocalObjectReference, 'Secret with the credentials.'],
});
export type StorageOSVolumeSource = Of<typeof StorageOSVolumeSource>;

export const StorageOSPersistentVolumeSource = core.type('StorageOSPersistentVolumeSource', 'A volume of StorageOS.', {
  ...storageos,
  secretRef: [5, ObjectReference, 'Secret with the credentials.'],
});
export type StorageOSPersistentVolumeSource = Of<typeof StorageOSPersistentVolumeSource>;
