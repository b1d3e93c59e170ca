import type { Draft } from '#core/api/schema/kind.ts';
import type { PriorityClass } from '#core/api/schema/scheduling-v1.ts';

/** Above this only the system's own classes may go. */
export const highestUserPriority = 1_000_000_000;
export const systemPrefix = 'system-';

/** Classes that every cluster has; without them pods of the system cannot be created. */
export const systemPriorityClasses: readonly Draft<PriorityClass>[] = [
  {
    metadata: { name: 'system-node-critical' }, value: 2 * highestUserPriority + 1000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' }, value: 2 * highestUserPriority,
    description: 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];
