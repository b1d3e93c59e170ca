import type { KindOf } from '#core/api/schema/kind.ts';
import { LabelSelector, TemplateMeta } from '#core/api/schema/meta.ts';
import { always, list, map, merged, pointer, quantity, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { accessMode, core, volumeMode } from './core.ts';
import { TypedLocalObjectReference, TypedObjectReference } from './references.ts';

export const VolumeResourceRequirements = core.type('VolumeResourceRequirements', 'How much storage is wanted.', {
  limits: [1, map(quantity), 'The most storage that is accepted.'],
  requests: [2, map(quantity), 'The least storage that will do, under the key storage.'],
});
export type VolumeResourceRequirements = Of<typeof VolumeResourceRequirements>;

export const PersistentVolumeClaimSpec = core.type('PersistentVolumeClaimSpec', 'The storage that is asked for.', {
  accessModes: [1, list(accessMode), 'How the volume must be mountable: by one node or many, for writing or only reading.'],
  selector: [4, LabelSelector, 'Only volumes with these labels will do.'],
  resources: [2, always(VolumeResourceRequirements), 'How much storage; requests.storage can only grow later.'],
  volumeName: [3, string, 'The volume to which the claim is bound; set it to ask for a certain one.'],
  storageClassName: [5, pointer(string), 'The StorageClass; absent asks for the default class, empty for no class.'],
  volumeMode: [6, withDefault(volumeMode, 'Filesystem'), 'A file system, or a raw block device.'],
  dataSource: [7, TypedLocalObjectReference, 'A snapshot or claim whose content the new volume gets.'],
  dataSourceRef: [8, TypedObjectReference, 'As dataSource, for any kind of object.'],
  volumeAttributesClassName: [9, pointer(string), 'The VolumeAttributesClass whose settings the volume gets.'],
});
export type PersistentVolumeClaimSpec = Of<typeof PersistentVolumeClaimSpec>;

export const PersistentVolumeClaimTemplate = core.type('PersistentVolumeClaimTemplate', 'A claim that is made together with a pod.', {
  metadata: [1, always(TemplateMeta), 'Labels and annotations of the claim.'],
  spec: [2, required(PersistentVolumeClaimSpec), 'The storage that is asked for.'],
});
export type PersistentVolumeClaimTemplate = Of<typeof PersistentVolumeClaimTemplate>;

export const PersistentVolumeClaimCondition = core.type('PersistentVolumeClaimCondition', 'One aspect of a claim\'s state.', {
  type: [1, required(string), 'Name of the aspect, such as Resizing or FileSystemResizePending.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastProbeTime: [3, time, 'When it was last looked at.'],
  lastTransitionTime: [4, time, 'When status last changed.'],
  reason: [5, string, 'One word in CamelCase for programs.'],
  message: [6, string, 'A sentence for people.'],
});
export type PersistentVolumeClaimCondition = Of<typeof PersistentVolumeClaimCondition>;

export const ModifyVolumeStatus = core.type('ModifyVolumeStatus', 'A change of the volume\'s attributes that is under way.', {
  targetVolumeAttributesClassName: [1, string, 'The class that is being applied.'],
  status: [2, required(string), 'Pending, InProgress or Infeasible.'],
});
export type ModifyVolumeStatus = Of<typeof ModifyVolumeStatus>;

export const PersistentVolumeClaimStatus = core.type('PersistentVolumeClaimStatus', 'What became of a claim.', {
  phase: [1, withDefault(string, 'Pending'), 'Pending, Bound or Lost.'],
  accessModes: [2, list(accessMode), 'Access modes of the bound volume.'],
  capacity: [3, map(quantity), 'Size of the bound volume.'],
  conditions: [4, merged(PersistentVolumeClaimCondition, ['type']), 'Resizing and other work under way.'],
  allocatedResources: [5, map(quantity), 'Size that is being given to the volume, possibly more than capacity.'],
  allocatedResourceStatuses: [7, map(string), 'How the resize of each resource stands.'],
  currentVolumeAttributesClassName: [8, pointer(string), 'The VolumeAttributesClass in force.'],
  modifyVolumeStatus: [9, ModifyVolumeStatus, 'A change of attributes that is under way.'],
});
export type PersistentVolumeClaimStatus = Of<typeof PersistentVolumeClaimStatus>;

export const PersistentVolumeClaim = core.kind('PersistentVolumeClaim', 'A request for a volume, which pods mount by the claim\'s name.', {
  spec: [2, always(PersistentVolumeClaimSpec), 'The storage that is asked for.'],
  status: [3, always(PersistentVolumeClaimStatus), 'The volume that was found or made.'],
});
export type PersistentVolumeClaim = KindOf<typeof PersistentVolumeClaim>;
