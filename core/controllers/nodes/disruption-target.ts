import type { Pod, PodCondition } from '#core/api/schema/core-v1/pod.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

/** Why somebody other than its owner ends a pod (KEP-3329): a job may then not count it as a failure. */
export interface Disruption {
  readonly reason: 'DeletionByTaintManager' | 'DeletionByPodGC';
  readonly message: string;
}

/** The condition that says so; undefined when the pod says it already. */
export function disruptionTarget({ status }: Pod, { reason, message }: Disruption, now: number): PodCondition | undefined {
  const known = status.conditions?.find(({ type }) => type === 'DisruptionTarget');
  const isSaid = known?.status === 'True';
  if (isSaid && known.reason === reason && known.message === message) return undefined;
  const lastTransitionTime = isSaid && known.lastTransitionTime ? known.lastTransitionTime : rfc3339(now);
  return { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime };
}
