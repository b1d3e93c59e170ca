import type { KindOf } from '#core/api/schema/kind.ts';
import { always, atomicMap, int32, int64, merged, pointer, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';
import { PodTemplateSpec } from './pod.ts';

export const ReplicationControllerSpec = core.type('ReplicationControllerSpec', 'The pods that a ReplicationController keeps.', {
  replicas: [1, withDefault(pointer(int32), 1), 'How many pods to keep.'],
  minReadySeconds: [4, int32, 'Seconds for which a pod must be ready before it counts as available.'],
  selector: [2, atomicMap(string), 'Labels of its own pods; the template\'s when absent.'],
  template: [3, PodTemplateSpec, 'The pods to make when there are too few.'],
});
export type ReplicationControllerSpec = Of<typeof ReplicationControllerSpec>;

export const ReplicationControllerCondition = core.type('ReplicationControllerCondition', 'One aspect of a ReplicationController\'s state.', {
  type: [1, required(string), 'Name of the aspect, such as ReplicaFailure.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type ReplicationControllerCondition = Of<typeof ReplicationControllerCondition>;

export const ReplicationControllerStatus = core.type('ReplicationControllerStatus', 'How the pods of a ReplicationController stand.', {
  replicas: [1, required(int32), 'Pods that have not ended.'],
  fullyLabeledReplicas: [2, int32, 'Pods with all labels of the template.'],
  readyReplicas: [4, int32, 'Pods that are ready.'],
  availableReplicas: [5, int32, 'Pods that have been ready for minReadySeconds.'],
  observedGeneration: [3, int64, 'The generation to which this speaks.'],
  conditions: [6, merged(ReplicationControllerCondition, ['type']), 'Whether pods could be made and deleted.'],
});
export type ReplicationControllerStatus = Of<typeof ReplicationControllerStatus>;

export const ReplicationController = core.kind('ReplicationController', 'Keeps a number of equal pods running; ReplicaSets have taken its place.', {
  spec: [2, always(ReplicationControllerSpec), 'The pods to keep.'],
  status: [3, always(ReplicationControllerStatus), 'How they stand.'],
});
export type ReplicationController = KindOf<typeof ReplicationController>;
