import { LabelSelector } from '#core/api/schema/meta.ts';
import { bool, inline, int32, int64, list, map, oneOf, pointer, quantity, required, string, withDefault, type Of } from '#core/api/schema/type.ts';
import { core, pullPolicy } from './core.ts';
import {
  AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, AzureFileVolumeSource, CephFSVolumeSource, CinderVolumeSource, FCVolumeSource,
  FlexVolumeSource, FlockerVolumeSource, GCEPersistentDiskVolumeSource, GitRepoVolumeSource, GlusterfsVolumeSource, ISCSIVolumeSource,
  PhotonPersistentDiskVolumeSource, PortworxVolumeSource, QuobyteVolumeSource, RBDVolumeSource, ScaleIOVolumeSource, StorageOSVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from './in-tree-volumes.ts';
import { PersistentVolumeClaimTemplate } from './persistent-volume-claim.ts';
import { LocalObjectReference, ObjectFieldSelector, ResourceFieldSelector } from './references.ts';

const hostPathType = oneOf('', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket');

export const HostPathVolumeSource = core.type('HostPathVolumeSource', 'A file or directory of the node itself.', {
  path: [1, required(string), 'Path on the node.'],
  type: [2, withDefault(hostPathType, ''), 'What must be there, or be made, before the mount; empty checks nothing.'],
});
export type HostPathVolumeSource = Of<typeof HostPathVolumeSource>;

export const NFSVolumeSource = core.type('NFSVolumeSource', 'A directory of an NFS server.', {
  server: [1, required(string), 'Name or address of the server.'],
  path: [2, required(string), 'The exported path.'],
  readOnly: [3, bool, 'Mount without write access.'],
});
export type NFSVolumeSource = Of<typeof NFSVolumeSource>;

export const EmptyDirVolumeSource = core.type('EmptyDirVolumeSource', 'A directory that begins empty and lives as long as the pod.', {
  medium: [1, string, 'Empty for the node\'s disk, Memory, or HugePages.'],
  sizeLimit: [2, quantity, 'The most it may hold.'],
});
export type EmptyDirVolumeSource = Of<typeof EmptyDirVolumeSource>;

export const KeyToPath = core.type('KeyToPath', 'Puts one key into a file.', {
  key: [1, required(string), 'The key.'],
  path: [2, required(string), 'The file, relative to the volume\'s root.'],
  mode: [3, pointer(int32), 'Permissions of the file; defaultMode when absent.'],
});
export type KeyToPath = Of<typeof KeyToPath>;

export const SecretVolumeSource = core.type('SecretVolumeSource', 'The keys of a Secret as files.', {
  secretName: [1, string, 'Name of the Secret.'],
  items: [2, list(KeyToPath), 'Only these keys, in these files; all keys when absent.'],
  defaultMode: [3, withDefault(pointer(int32), 0o644), 'Permissions of the files.'],
  optional: [4, pointer(bool), 'Carry on when the Secret or a key is missing.'],
});
export type SecretVolumeSource = Of<typeof SecretVolumeSource>;

export const ConfigMapVolumeSource = core.type('ConfigMapVolumeSource', 'The keys of a ConfigMap as files.', {
  localObjectReference: [1, inline(LocalObjectReference)],
  items: [2, list(KeyToPath), 'Only these keys, in these files; all keys when absent.'],
  defaultMode: [3, withDefault(pointer(int32), 0o644), 'Permissions of the files.'],
  optional: [4, pointer(bool), 'Carry on when the ConfigMap or a key is missing.'],
});
export type ConfigMapVolumeSource = Of<typeof ConfigMapVolumeSource>;

export const DownwardAPIVolumeFile = core.type('DownwardAPIVolumeFile', 'Puts one fact about the pod into a file.', {
  path: [1, required(string), 'The file, relative to the volume\'s root.'],
  fieldRef: [2, ObjectFieldSelector, 'A field of the pod.'],
  resourceFieldRef: [3, ResourceFieldSelector, 'A resource limit or request of a container.'],
  mode: [4, pointer(int32), 'Permissions of the file; defaultMode when absent.'],
});
export type DownwardAPIVolumeFile = Of<typeof DownwardAPIVolumeFile>;

export const DownwardAPIVolumeSource = core.type('DownwardAPIVolumeSource', 'Facts about the pod as files.', {
  items: [1, list(DownwardAPIVolumeFile), 'The files.'],
  defaultMode: [2, withDefault(pointer(int32), 0o644), 'Permissions of the files.'],
});
export type DownwardAPIVolumeSource = Of<typeof DownwardAPIVolumeSource>;

export const SecretProjection = core.type('SecretProjection', 'The keys of a Secret, inside a projected volume.', {
  localObjectReference: [1, inline(LocalObjectReference)],
  items: [2, list(KeyToPath), 'Only these keys, in these files; all keys when absent.'],
  optional: [4, pointer(bool), 'Carry on when the Secret or a key is missing.'],
});
export type SecretProjection = Of<typeof SecretProjection>;

export const ConfigMapProjection = core.type('ConfigMapProjection', 'The keys of a ConfigMap, inside a projected volume.', {
  localObjectReference: [1, inline(LocalObjectReference)],
  items: [2, list(KeyToPath), 'Only these keys, in these files; all keys when absent.'],
  optional: [4, pointer(bool), 'Carry on when the ConfigMap or a key is missing.'],
});
export type ConfigMapProjection = Of<typeof ConfigMapProjection>;

export const DownwardAPIProjection = core.type('DownwardAPIProjection', 'Facts about the pod, inside a projected volume.', {
  items: [1, list(DownwardAPIVolumeFile), 'The files.'],
});
export type DownwardAPIProjection = Of<typeof DownwardAPIProjection>;

export const ServiceAccountTokenProjection = core.type('ServiceAccountTokenProjection', 'A token of the pod\'s service account, renewed in time.', {
  audience: [1, string, 'For whom the token is meant; the API server when absent.'],
  expirationSeconds: [2, withDefault(pointer(int64), 3600), 'Seconds until the token expires, at least 600.'],
  path: [3, required(string), 'The file, relative to the volume\'s root.'],
});
export type ServiceAccountTokenProjection = Of<typeof ServiceAccountTokenProjection>;

export const ClusterTrustBundleProjection = core.type('ClusterTrustBundleProjection', 'Trust anchors from ClusterTrustBundles, as one PEM file.', {
  name: [1, pointer(string), 'One bundle by name; not together with signerName.'],
  signerName: [2, pointer(string), 'All bundles of this signer that labelSelector selects.'],
  labelSelector: [3, LabelSelector, 'Selects bundles of the signer; none when absent.'],
  optional: [5, pointer(bool), 'Carry on when there is no such bundle.'],
  path: [4, required(string), 'The file, relative to the volume\'s root.'],
});
export type ClusterTrustBundleProjection = Of<typeof ClusterTrustBundleProjection>;

const keyType = oneOf('RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519');

export const PodCertificateProjection = core.type('PodCertificateProjection', 'A key and a certificate for the pod, renewed in time.', {
  signerName: [1, required(string), 'Who signs the certificate.'],
  keyType: [2, required(keyType), 'Kind of key to make.'],
  maxExpirationSeconds: [3, withDefault(pointer(int32), 86400), 'The longest life of a certificate, in seconds.'],
  credentialBundlePath: [4, string, 'File for key and certificates together.'],
  keyPath: [5, string, 'File for the key.'],
  certificateChainPath: [6, string, 'File for the certificates.'],
});
export type PodCertificateProjection = Of<typeof PodCertificateProjection>;

export const VolumeProjection = core.type('VolumeProjection', 'One source of a projected volume; exactly one field.', {
  secret: [1, SecretProjection, 'Keys of a Secret.'],
  downwardAPI: [2, DownwardAPIProjection, 'Facts about the pod.'],
  configMap: [3, ConfigMapProjection, 'Keys of a ConfigMap.'],
  serviceAccountToken: [4, ServiceAccountTokenProjection, 'A token of the pod\'s service account.'],
  clusterTrustBundle: [5, ClusterTrustBundleProjection, 'Trust anchors.'],
  podCertificate: [6, PodCertificateProjection, 'A key and a certificate for the pod.'],
});
export type VolumeProjection = Of<typeof VolumeProjection>;

export const ProjectedVolumeSource = core.type('ProjectedVolumeSource', 'Several sources in one directory.', {
  sources: [1, list(VolumeProjection), 'The sources.'],
  defaultMode: [2, withDefault(pointer(int32), 0o644), 'Permissions of the files.'],
});
export type ProjectedVolumeSource = Of<typeof ProjectedVolumeSource>;

export const PersistentVolumeClaimVolumeSource = core.type('PersistentVolumeClaimVolumeSource', 'The volume to which a claim is bound.', {
  claimName: [1, required(string), 'Name of the claim, in the pod\'s namespace.'],
  readOnly: [2, bool, 'Mount without write access in all containers.'],
});
export type PersistentVolumeClaimVolumeSource = Of<typeof PersistentVolumeClaimVolumeSource>;

export const EphemeralVolumeSource = core.type('EphemeralVolumeSource', 'A claim that is made with the pod and goes with it.', {
  volumeClaimTemplate: [1, PersistentVolumeClaimTemplate, 'The claim; it gets the name pod-volume.'],
});
export type EphemeralVolumeSource = Of<typeof EphemeralVolumeSource>;

export const CSIVolumeSource = core.type('CSIVolumeSource', 'A volume that a CSI driver makes for this pod alone.', {
  driver: [1, required(string), 'Name of the driver.'],
  readOnly: [2, pointer(bool), 'Mount without write access.'],
  fsType: [3, pointer(string), 'File system to mount.'],
  volumeAttributes: [4, map(string), 'Settings for the driver.'],
  nodePublishSecretRef: [5, LocalObjectReference, 'Secret handed to the driver.'],
});
export type CSIVolumeSource = Of<typeof CSIVolumeSource>;

export const ImageVolumeSource = core.type('ImageVolumeSource', 'The content of an image, read-only.', {
  reference: [1, string, 'The image, with tag or digest.'],
  pullPolicy: [2, pullPolicy, 'When to pull the image; Always for the tag latest, otherwise IfNotPresent.'],
});
export type ImageVolumeSource = Of<typeof ImageVolumeSource>;

export const VolumeSource = core.type('VolumeSource', 'What a volume is; exactly one field.', {
  hostPath: [1, HostPathVolumeSource, 'A file or directory of the node itself.'],
  emptyDir: [2, EmptyDirVolumeSource, 'A directory that begins empty and lives as long as the pod.'],
  gcePersistentDisk: [3, GCEPersistentDiskVolumeSource, 'A disk of Google Compute Engine.'],
  awsElasticBlockStore: [4, AWSElasticBlockStoreVolumeSource, 'An EBS volume.'],
  gitRepo: [5, GitRepoVolumeSource, 'A fresh clone of a git repository.'],
  secret: [6, SecretVolumeSource, 'The keys of a Secret as files.'],
  nfs: [7, NFSVolumeSource, 'A directory of an NFS server.'],
  iscsi: [8, ISCSIVolumeSource, 'A logical unit of an iSCSI target.'],
  glusterfs: [9, GlusterfsVolumeSource, 'A volume of Gluster.'],
  persistentVolumeClaim: [10, PersistentVolumeClaimVolumeSource, 'The volume to which a claim is bound.'],
  rbd: [11, RBDVolumeSource, 'A block image of Ceph.'],
  flexVolume: [12, FlexVolumeSource, 'A volume of an exec-based driver.'],
  cinder: [13, CinderVolumeSource, 'A volume of OpenStack.'],
  cephfs: [14, CephFSVolumeSource, 'A directory of a Ceph file system.'],
  flocker: [15, FlockerVolumeSource, 'A data set of Flocker.'],
  downwardAPI: [16, DownwardAPIVolumeSource, 'Facts about the pod as files.'],
  fc: [17, FCVolumeSource, 'A Fibre Channel device.'],
  azureFile: [18, AzureFileVolumeSource, 'A file share of Azure.'],
  configMap: [19, ConfigMapVolumeSource, 'The keys of a ConfigMap as files.'],
  vsphereVolume: [20, VsphereVirtualDiskVolumeSource, 'A virtual disk of vSphere.'],
  quobyte: [21, QuobyteVolumeSource, 'A volume of Quobyte.'],
  azureDisk: [22, AzureDiskVolumeSource, 'A data disk of Azure.'],
  photonPersistentDisk: [23, PhotonPersistentDiskVolumeSource, 'A disk of Photon.'],
  projected: [26, ProjectedVolumeSource, 'Several sources in one directory.'],
  portworxVolume: [24, PortworxVolumeSource, 'A volume of Portworx.'],
  scaleIO: [25, ScaleIOVolumeSource, 'A volume of ScaleIO.'],
  storageos: [27, StorageOSVolumeSource, 'A volume of StorageOS.'],
  csi: [28, CSIVolumeSource, 'A volume that a CSI driver makes for this pod alone.'],
  ephemeral: [29, EphemeralVolumeSource, 'A claim that is made with the pod and goes with it.'],
  image: [30, ImageVolumeSource, 'The content of an image, read-only.'],
});
export type VolumeSource = Of<typeof VolumeSource>;

export const Volume = core.type('Volume', 'A volume that the containers of a pod can mount.', {
  name: [1, required(string), 'Name of the volume, unique in the pod.'],
  volumeSource: [2, inline(VolumeSource)],
});
export type Volume = Of<typeof Volume>;
