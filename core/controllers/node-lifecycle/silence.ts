import type { Node, NodeCondition } from '#core/api/schema/core-v1/node.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { neverUpdated } from './heartbeats.ts';

/** NetworkUnavailable is not among them: not the node says it. */
const reported = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The conditions that have to be written of a node that is not heard of any more; none when they stand there already. */
export function silentConditions({ metadata, status }: Node, now: number): readonly NodeCondition[] {
  const lastTransitionTime = rfc3339(now);
  return reported.flatMap((type): NodeCondition[] => {
    const known = status.conditions?.find((condition) => condition.type === type);
    if (known?.status === 'Unknown') return [];
    if (known !== undefined) return [{ type, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime }];
    return [{ type, status: 'Unknown', reason: neverUpdated, message: 'Kubelet never posted node status.', lastHeartbeatTime: metadata.creationTimestamp, lastTransitionTime }];
  });
}
