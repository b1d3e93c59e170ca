import { groupVersion, type KindOf } from './kind.ts';
import { bool, int32, oneOf, required, string, withDefault } from './type.ts';

const scheduling = groupVersion('io.k8s.api.scheduling.v1', 'scheduling.k8s.io', 'v1');

export const PriorityClass = scheduling.kind('PriorityClass', 'A name for a priority of pods.', {
  value: [2, required(int32), 'The priority; higher goes first. At most a billion; cannot change.'],
  globalDefault: [3, bool, 'Pods that name no class get this one; true for at most one class.'],
  description: [4, string, 'For which pods the class is meant.'],
  preemptionPolicy: [5, withDefault(oneOf('Never', 'PreemptLowerPriority'), 'PreemptLowerPriority'), 'Whether pods of the class push out others. Cannot change.'],
}, { plural: 'priorityclasses', namespaced: false });
export type PriorityClass = KindOf<typeof PriorityClass>;
