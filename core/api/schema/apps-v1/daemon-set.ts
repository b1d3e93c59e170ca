import { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { KindOf } from '#core/api/schema/kind.ts';
import { LabelSelector } from '#core/api/schema/meta.ts';
import { always, int32, int64, intOrString, merged, oneOf, pointer, required, requiredPointer, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { apps } from './apps.ts';

export const RollingUpdateDaemonSet = apps.type('RollingUpdateDaemonSet', 'On how many nodes at once new pods take the place of old ones.', {
  maxUnavailable: [1, withDefault(intOrString, 1), 'Nodes that may lack the pod meanwhile: a number, or a percentage that is rounded up.'],
  maxSurge: [2, withDefault(intOrString, 0), 'Nodes that may run the old and the new pod meanwhile; then maxUnavailable must be 0.'],
});
export type RollingUpdateDaemonSet = Of<typeof RollingUpdateDaemonSet>;

export const DaemonSetUpdateStrategy = apps.type('DaemonSetUpdateStrategy', 'How a new template replaces the pods of the old one.', {
  type: [1, withDefault(oneOf('OnDelete', 'RollingUpdate'), 'RollingUpdate'), 'Node by node, or only where somebody deletes a pod.'],
  rollingUpdate: [2, RollingUpdateDaemonSet, 'The pace; only for RollingUpdate.'],
});
export type DaemonSetUpdateStrategy = Of<typeof DaemonSetUpdateStrategy>;

export const DaemonSetSpec = apps.type('DaemonSetSpec', 'The pod that a DaemonSet runs on each node.', {
  selector: [1, requiredPointer(LabelSelector), 'Which pods are its own; must match the template. Cannot change.'],
  template: [2, required(PodTemplateSpec), 'The pod to make; its node selector says on which nodes.'],
  updateStrategy: [3, always(DaemonSetUpdateStrategy), 'How a new template replaces the pods of the old one.'],
  minReadySeconds: [4, int32, 'Seconds for which a pod must be ready before it counts as available.'],
  revisionHistoryLimit: [6, withDefault(pointer(int32), 10), 'How many old revisions to keep for a rollback.'],
});
export type DaemonSetSpec = Of<typeof DaemonSetSpec>;

export const DaemonSetCondition = apps.type('DaemonSetCondition', 'One aspect of a DaemonSet\'s state.', {
  type: [1, required(string), 'Name of the aspect.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type DaemonSetCondition = Of<typeof DaemonSetCondition>;

export const DaemonSetStatus = apps.type('DaemonSetStatus', 'On which share of the nodes the pod runs.', {
  currentNumberScheduled: [1, required(int32), 'Nodes that should run the pod and do.'],
  numberMisscheduled: [2, required(int32), 'Nodes that run the pod and should not.'],
  desiredNumberScheduled: [3, required(int32), 'Nodes that should run the pod.'],
  numberReady: [4, required(int32), 'Nodes that should run the pod and have it ready.'],
  observedGeneration: [5, int64, 'The generation to which this speaks.'],
  updatedNumberScheduled: [6, int32, 'Nodes with a pod of the present template.'],
  numberAvailable: [7, int32, 'Nodes where the pod has been ready for minReadySeconds.'],
  numberUnavailable: [8, int32, 'Nodes that should run the pod and do not have it available.'],
  collisionCount: [9, pointer(int32), 'How often the name made for a ControllerRevision was taken; part of the next one\'s hash.'],
  conditions: [10, merged(DaemonSetCondition, ['type']), 'Aspects of the state.'],
});
export type DaemonSetStatus = Of<typeof DaemonSetStatus>;

export const DaemonSet = apps.kind('DaemonSet', 'Runs one pod on each node, or on each of a choice of nodes.', {
  spec: [2, always(DaemonSetSpec), 'The pod to run.'],
  status: [3, always(DaemonSetStatus), 'Where it runs.'],
});
export type DaemonSet = KindOf<typeof DaemonSet>;
