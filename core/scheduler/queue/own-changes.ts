import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepEqual } from '#core/api/value.ts';
import { requestsOf } from '#core/scheduler/model/pod-requests.ts';
import type { ClusterEvent, ClusterEventKind } from '#core/scheduler/plugin.ts';

/** What a pod's new version has that may bear on where it can run. */
export function ownChanges(pod: Pod, previous: Pod): readonly ClusterEvent[] {
  return changesOf(pod, previous, 'own').map((kind) => ({ kind, object: pod, previous }));
}

/** The same of a pod on a node, whose change may help others. */
export function changesOnNode(pod: Pod, previous: Pod): readonly ClusterEvent[] {
  return changesOf(pod, previous, 'pod').map((kind) => ({ kind, object: pod, previous }));
}

function changesOf(pod: Pod, previous: Pod, whose: 'own' | 'pod'): readonly ClusterEventKind[] {
  if (pod.metadata.resourceVersion === previous.metadata.resourceVersion) return [];
  const kinds: ClusterEventKind[] = [];
  if (!deepEqual(pod.metadata.labels, previous.metadata.labels)) kinds.push(`${whose}/labels`);
  if (isSmaller(pod, previous)) kinds.push(`${whose}/scale-down`);
  if (whose === 'own' && !deepEqual(pod.spec.tolerations, previous.spec.tolerations)) kinds.push('own/tolerations');
  if (whose === 'own' && (pod.spec.schedulingGates ?? []).length < (previous.spec.schedulingGates ?? []).length) kinds.push('own/gates');
  return kinds;
}

function isSmaller(pod: Pod, previous: Pod): boolean {
  if (deepEqual(pod.spec.containers, previous.spec.containers) && deepEqual(pod.status.containerStatuses, previous.status.containerStatuses)) return false;
  const [now, before] = [requestsOf(pod).total, requestsOf(previous).total];
  return ['cpu', 'memory', 'ephemeral-storage', ...(before.others?.keys() ?? [])].some((name) => now.get(name) < before.get(name));
}
