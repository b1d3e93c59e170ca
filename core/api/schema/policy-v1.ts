import { groupVersion, type KindOf } from './kind.ts';
import { Condition, DeleteOptions, LabelSelector } from './meta.ts';
import { always, int32, int64, intOrString, map, merged, oneOf, replaced, required, time, type Of } from './type.ts';

const policy = groupVersion('io.k8s.api.policy.v1', 'policy', 'v1');

export const PodDisruptionBudgetSpec = policy.type('PodDisruptionBudgetSpec', 'How many pods of a set may be missing on purpose.', {
  minAvailable: [1, intOrString, 'Pods that must stay: a number, or a percentage that is rounded up. Not together with maxUnavailable.'],
  selector: [2, replaced(LabelSelector), 'The pods; none when absent, all of the namespace when empty.'],
  maxUnavailable: [3, intOrString, 'Pods that may be missing: a number, or a percentage that is rounded up.'],
  unhealthyPodEvictionPolicy: [4, oneOf('AlwaysAllow', 'IfHealthyBudget'), 'Whether pods that are not ready may go at any time, or only while the budget holds.'],
});
export type PodDisruptionBudgetSpec = Of<typeof PodDisruptionBudgetSpec>;

export const PodDisruptionBudgetStatus = policy.type('PodDisruptionBudgetStatus', 'How much of a budget is left.', {
  observedGeneration: [1, int64, 'The generation to which this speaks.'],
  disruptedPods: [2, map(time), 'Pods whose eviction was granted and that are still there, by name, with the time of it.'],
  disruptionsAllowed: [3, required(int32), 'How many more pods may go now.'],
  currentHealthy: [4, required(int32), 'Pods that are ready.'],
  desiredHealthy: [5, required(int32), 'Pods that must be ready.'],
  expectedPods: [6, required(int32), 'Pods that the budget counts.'],
  conditions: [7, merged(Condition, ['type']), 'Whether disruptions are allowed.'],
});
export type PodDisruptionBudgetStatus = Of<typeof PodDisruptionBudgetStatus>;

export const PodDisruptionBudget = policy.kind('PodDisruptionBudget', 'Limits how many pods of a set evictions may take at a time.', {
  spec: [2, always(PodDisruptionBudgetSpec), 'How many may be missing.'],
  status: [3, always(PodDisruptionBudgetStatus), 'How much of that is left.'],
});
export type PodDisruptionBudget = KindOf<typeof PodDisruptionBudget>;

export const Eviction = policy.kind('Eviction', 'Deletes a pod if its budget allows that; the name is the pod\'s.', {
  deleteOptions: [2, DeleteOptions, 'How to delete the pod.'],
});
export type Eviction = KindOf<typeof Eviction>;
