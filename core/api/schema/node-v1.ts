import { Toleration } from './core-v1/affinity.ts';
import { groupVersion, type KindOf } from './kind.ts';
import { atomicMap, list, map, quantity, required, string, type Of } from './type.ts';

const node = groupVersion('io.k8s.api.node.v1', 'node.k8s.io', 'v1');

export const Overhead = node.type('Overhead', 'What the runtime itself needs for a pod.', {
  podFixed: [1, map(quantity), 'Compute for each pod, besides that of its containers.'],
});
export type Overhead = Of<typeof Overhead>;

export const Scheduling = node.type('Scheduling', 'Which nodes have the runtime.', {
  nodeSelector: [1, atomicMap(string), 'Labels of those nodes; added to the pod\'s own selector.'],
  tolerations: [2, list(Toleration), 'Taints of those nodes; added to the pod\'s own tolerations.'],
});
export type Scheduling = Of<typeof Scheduling>;

export const RuntimeClass = node.kind('RuntimeClass', 'A container runtime, or a setting of one, that pods can ask for by name.', {
  handler: [2, required(string), 'The handler\'s name in the node\'s container runtime. Cannot change.'],
  overhead: [3, Overhead, 'What the runtime itself needs for a pod.'],
  scheduling: [4, Scheduling, 'Which nodes have it; all when absent.'],
}, { plural: 'runtimeclasses', namespaced: false });
export type RuntimeClass = KindOf<typeof RuntimeClass>;
