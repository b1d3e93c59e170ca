import { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { KindOf } from '#core/api/schema/kind.ts';
import { LabelSelector } from '#core/api/schema/meta.ts';
import { always, bool, int32, int64, intOrString, merged, oneOf, pointer, required, requiredPointer, retainKeys, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { apps } from './apps.ts';

export const RollingUpdateDeployment = apps.type('RollingUpdateDeployment', 'How fast new pods take the place of old ones.', {
  maxUnavailable: [1, withDefault(intOrString, '25%'), 'Pods that may be missing meanwhile: a number, or a percentage of replicas that is rounded down.'],
  maxSurge: [2, withDefault(intOrString, '25%'), 'Pods that may run beyond replicas meanwhile: a number, or a percentage that is rounded up.'],
});
export type RollingUpdateDeployment = Of<typeof RollingUpdateDeployment>;

export const DeploymentStrategy = apps.type('DeploymentStrategy', 'How a new template replaces the pods of the old one.', {
  type: [1, withDefault(oneOf('Recreate', 'RollingUpdate'), 'RollingUpdate'), 'Bit by bit, or all old pods first.'],
  rollingUpdate: [2, RollingUpdateDeployment, 'The pace; only for RollingUpdate.'],
});
export type DeploymentStrategy = Of<typeof DeploymentStrategy>;

export const DeploymentSpec = apps.type('DeploymentSpec', 'The pods that a Deployment keeps, and how they change.', {
  replicas: [1, withDefault(pointer(int32), 1), 'How many pods to keep.'],
  selector: [2, requiredPointer(LabelSelector), 'Which pods are its own; must match the template. Cannot change.'],
  template: [3, required(PodTemplateSpec), 'The pods to make.'],
  strategy: [4, always(retainKeys(DeploymentStrategy)), 'How a new template replaces the pods of the old one.'],
  minReadySeconds: [5, int32, 'Seconds for which a pod must be ready before it counts as available.'],
  revisionHistoryLimit: [6, withDefault(pointer(int32), 10), 'How many old ReplicaSets to keep for a rollback.'],
  paused: [7, bool, 'Leave the pods as they are when the template changes.'],
  progressDeadlineSeconds: [9, withDefault(pointer(int32), 600), 'Seconds without progress after which a rollout counts as failed.'],
});
export type DeploymentSpec = Of<typeof DeploymentSpec>;

export const DeploymentCondition = apps.type('DeploymentCondition', 'One aspect of a Deployment\'s state.', {
  type: [1, required(string), 'Name of the aspect: Available, Progressing or ReplicaFailure.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastUpdateTime: [6, time, 'When the condition was last written.'],
  lastTransitionTime: [7, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type DeploymentCondition = Of<typeof DeploymentCondition>;

export const DeploymentStatus = apps.type('DeploymentStatus', 'How the pods of a Deployment stand.', {
  observedGeneration: [1, int64, 'The generation to which this speaks.'],
  replicas: [2, int32, 'Pods that the selector finds and that have not ended.'],
  updatedReplicas: [3, int32, 'Pods made from the present template.'],
  readyReplicas: [7, int32, 'Pods that are ready.'],
  availableReplicas: [4, int32, 'Pods that have been ready for minReadySeconds.'],
  unavailableReplicas: [5, int32, 'Pods that are still needed to have all of them available.'],
  terminatingReplicas: [9, pointer(int32), 'Pods that are being deleted.'],
  conditions: [6, merged(DeploymentCondition, ['type']), 'Whether enough pods are available and the rollout goes on.'],
  collisionCount: [8, pointer(int32), 'How often the name made for a ReplicaSet was taken; part of the next one\'s hash.'],
});
export type DeploymentStatus = Of<typeof DeploymentStatus>;

export const Deployment = apps.kind('Deployment', 'Keeps a number of pods running and replaces them step by step when their template changes.', {
  spec: [2, always(DeploymentSpec), 'The pods to keep, and how they change.'],
  status: [3, always(DeploymentStatus), 'How they stand.'],
});
export type Deployment = KindOf<typeof Deployment>;
