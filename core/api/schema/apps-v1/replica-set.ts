import { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { KindOf } from '#core/api/schema/kind.ts';
import { LabelSelector } from '#core/api/schema/meta.ts';
import { always, int32, int64, merged, pointer, required, requiredPointer, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { apps } from './apps.ts';

export const ReplicaSetSpec = apps.type('ReplicaSetSpec', 'The pods that a ReplicaSet keeps.', {
  replicas: [1, withDefault(pointer(int32), 1), 'How many pods to keep.'],
  minReadySeconds: [4, int32, 'Seconds for which a pod must be ready before it counts as available.'],
  selector: [2, requiredPointer(LabelSelector), 'Which pods are its own; must match the template. Cannot change.'],
  template: [3, always(PodTemplateSpec), 'The pods to make when there are too few.'],
});
export type ReplicaSetSpec = Of<typeof ReplicaSetSpec>;

export const ReplicaSetCondition = apps.type('ReplicaSetCondition', 'One aspect of a ReplicaSet\'s state.', {
  type: [1, required(string), 'Name of the aspect, such as ReplicaFailure.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type ReplicaSetCondition = Of<typeof ReplicaSetCondition>;

export const ReplicaSetStatus = apps.type('ReplicaSetStatus', 'How the pods of a ReplicaSet stand.', {
  replicas: [1, required(int32), 'Pods that have not ended.'],
  fullyLabeledReplicas: [2, int32, 'Pods with all labels of the template.'],
  readyReplicas: [4, int32, 'Pods that are ready.'],
  availableReplicas: [5, int32, 'Pods that have been ready for minReadySeconds.'],
  terminatingReplicas: [7, pointer(int32), 'Pods that are being deleted.'],
  observedGeneration: [3, int64, 'The generation to which this speaks.'],
  conditions: [6, merged(ReplicaSetCondition, ['type']), 'Whether pods could be made and deleted.'],
});
export type ReplicaSetStatus = Of<typeof ReplicaSetStatus>;

export const ReplicaSet = apps.kind('ReplicaSet', 'Keeps a number of equal pods running.', {
  spec: [2, always(ReplicaSetSpec), 'The pods to keep.'],
  status: [3, always(ReplicaSetStatus), 'How they stand.'],
});
export type ReplicaSet = KindOf<typeof ReplicaSet>;
