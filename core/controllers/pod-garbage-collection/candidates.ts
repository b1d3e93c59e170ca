import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isNodeReady } from '#core/controllers/nodes/conditions.ts';
import { taintKeys } from '#core/controllers/nodes/taints.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';

/** An operator says that the machine is off (KEP-2268), so that nothing of what ran on it can still write. */
export const isOutOfService = (node: Node): boolean => !isNodeReady(node) && node.spec.taints?.some(({ key }) => key === taintKeys.outOfService) === true;

/** It ends, and there is no agent that could say that it has. */
export const isUnscheduledTerminating = (pod: Pod): boolean => isDeleting(pod) && (pod.spec.nodeName ?? '') === '';

/** Pods that have ended, together. */
export const terminatedPods = { name: 'terminated-pods', all: 'all', of: (pod: Pod): string[] => (isTerminated(pod) ? ['all'] : []) };

const isEvicted = ({ status }: Pod): boolean => status.phase === 'Failed' && status.reason === 'Evicted';

/** The ended pods that are too many: first those that nodes evicted, then the oldest. */
export function surplus(pods: readonly Pod[], threshold: number): readonly Pod[] {
  const many = pods.length - threshold;
  if (many <= 0) return [];
  const ranked = pods.map((pod) => ({ pod, rank: `${isEvicted(pod) ? 0 : 1}${pod.metadata.creationTimestamp} ${pod.metadata.name}` }));
  return ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, many).map(({ pod }) => pod);
}
