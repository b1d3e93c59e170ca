import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { KindOf } from '#core/api/schema/kind.ts';
import { LabelSelector } from '#core/api/schema/meta.ts';
import { always, int32, int64, intOrString, list, merged, oneOf, pointer, required, requiredPointer, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { apps } from './apps.ts';

export const RollingUpdateStatefulSetStrategy = apps.type('RollingUpdateStatefulSetStrategy', 'Which pods a rolling update takes, and how many at once.', {
  partition: [1, withDefault(pointer(int32), 0), 'Pods with a lower ordinal keep the old template.'],
  maxUnavailable: [2, intOrString, 'Pods that may be missing meanwhile: a number, or a percentage of replicas that is rounded up; one when absent.'],
});
export type RollingUpdateStatefulSetStrategy = Of<typeof RollingUpdateStatefulSetStrategy>;

export const StatefulSetUpdateStrategy = apps.type('StatefulSetUpdateStrategy', 'How a new template replaces the pods of the old one.', {
  type: [1, withDefault(oneOf('OnDelete', 'RollingUpdate'), 'RollingUpdate'), 'From the highest ordinal down, or only where somebody deletes a pod.'],
  rollingUpdate: [2, RollingUpdateStatefulSetStrategy, 'Which pods; only for RollingUpdate.'],
});
export type StatefulSetUpdateStrategy = Of<typeof StatefulSetUpdateStrategy>;

const claimRetention = oneOf('Delete', 'Retain');

export const StatefulSetPersistentVolumeClaimRetentionPolicy = apps.type('StatefulSetPersistentVolumeClaimRetentionPolicy', 'What becomes of claims that are no longer needed.', {
  whenDeleted: [1, withDefault(claimRetention, 'Retain'), 'When the StatefulSet is deleted.'],
  whenScaled: [2, withDefault(claimRetention, 'Retain'), 'When there are fewer replicas.'],
});
export type StatefulSetPersistentVolumeClaimRetentionPolicy = Of<typeof StatefulSetPersistentVolumeClaimRetentionPolicy>;

export const StatefulSetOrdinals = apps.type('StatefulSetOrdinals', 'How the pods are numbered.', {
  start: [1, withDefault(int32, 0), 'Number of the first pod.'],
});
export type StatefulSetOrdinals = Of<typeof StatefulSetOrdinals>;

export const StatefulSetSpec = apps.type('StatefulSetSpec', 'The numbered pods that a StatefulSet keeps, and their claims.', {
  replicas: [1, withDefault(pointer(int32), 1), 'How many pods to keep.'],
  selector: [2, requiredPointer(LabelSelector), 'Which pods are its own; must match the template. Cannot change.'],
  template: [3, required(PodTemplateSpec), 'The pods to make; each is named after the StatefulSet and its number.'],
  volumeClaimTemplates: [4, list(PersistentVolumeClaim.struct), 'Claims that each pod gets for itself; they stand in for volumes of the same name. Cannot change.'],
  serviceName: [5, withDefault(string, ''), 'Headless Service that gives the pods their names in DNS. Cannot change.'],
  podManagementPolicy: [6, withDefault(oneOf('OrderedReady', 'Parallel'), 'OrderedReady'), 'Make and remove pods one after the other, or all at once. Cannot change.'],
  updateStrategy: [7, always(StatefulSetUpdateStrategy), 'How a new template replaces the pods of the old one.'],
  revisionHistoryLimit: [8, withDefault(pointer(int32), 10), 'How many old revisions to keep for a rollback.'],
  minReadySeconds: [9, int32, 'Seconds for which a pod must be ready before it counts as available.'],
  persistentVolumeClaimRetentionPolicy: [10, withDefault(StatefulSetPersistentVolumeClaimRetentionPolicy, { whenDeleted: 'Retain', whenScaled: 'Retain' }),
    'What becomes of claims that are no longer needed.'],
  ordinals: [11, StatefulSetOrdinals, 'How the pods are numbered; from 0 when absent.'],
});
export type StatefulSetSpec = Of<typeof StatefulSetSpec>;

export const StatefulSetCondition = apps.type('StatefulSetCondition', 'One aspect of a StatefulSet\'s state.', {
  type: [1, required(string), 'Name of the aspect.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type StatefulSetCondition = Of<typeof StatefulSetCondition>;

export const StatefulSetStatus = apps.type('StatefulSetStatus', 'How the pods of a StatefulSet stand.', {
  observedGeneration: [1, int64, 'The generation to which this speaks.'],
  replicas: [2, required(int32), 'Pods that have been made.'],
  readyReplicas: [3, int32, 'Pods that are ready.'],
  currentReplicas: [4, int32, 'Pods of currentRevision.'],
  updatedReplicas: [5, int32, 'Pods of updateRevision.'],
  currentRevision: [6, string, 'Revision of the pods that an update has not reached.'],
  updateRevision: [7, string, 'Revision of the present template.'],
  collisionCount: [9, pointer(int32), 'How often the name made for a ControllerRevision was taken; part of the next one\'s hash.'],
  conditions: [10, merged(StatefulSetCondition, ['type']), 'Aspects of the state.'],
  availableReplicas: [11, withDefault(int32, 0), 'Pods that have been ready for minReadySeconds.'],
});
export type StatefulSetStatus = Of<typeof StatefulSetStatus>;

export const StatefulSet = apps.kind('StatefulSet', 'Keeps numbered pods, each with a name and storage of its own that outlive it.', {
  spec: [2, always(StatefulSetSpec), 'The pods to keep, and their claims.'],
  status: [3, always(StatefulSetStatus), 'How they stand.'],
});
export type StatefulSet = KindOf<typeof StatefulSet>;
