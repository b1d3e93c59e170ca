import type { Taint } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { tolerates } from '#core/api/node-selector.ts';

/** When a taint came to a node, in milliseconds since the epoch. */
export type SinceOf = (taint: Taint) => number;

/** When the pod came to its node, as far as it is written. */
function arrivalOf({ metadata: { creationTimestamp }, status }: Pod): number {
  const scheduled = status.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'True')?.lastTransitionTime;
  const time = Date.parse(scheduled ?? creationTimestamp);
  return Number.isNaN(time) ? 0 : time;
}

/**
 * When the pod has to leave: at once (0) when it does not tolerate one of the taints, otherwise when its shortest `tolerationSeconds` is over.
 * Undefined: it may stay. Of several tolerations for one taint the first counts.
 *
 * @param taints those of its node, with effect NoExecute
 */
export function evictionTime(pod: Pod, taints: readonly Taint[], sinceOf: SinceOf): number | undefined {
  const arrival = arrivalOf(pod);
  let first: number | undefined;
  for (const taint of taints) {
    const toleration = pod.spec.tolerations?.find((one) => tolerates(one, taint));
    if (toleration === undefined) return 0;
    const { tolerationSeconds } = toleration;
    if (tolerationSeconds === undefined || tolerationSeconds === null) continue;
    if (tolerationSeconds <= 0) return 0;
    first = Math.min(first ?? Number.POSITIVE_INFINITY, Math.max(arrival, sinceOf(taint)) + Number(tolerationSeconds) * 1000);
  }
  return first;
}
