import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';

/** It runs or will run: another one stands in for those that have ended or are on their way out. */
export const isActive = (pod: Pod): boolean => !isTerminated(pod) && !isDeleting(pod);

/** It is on its way out and may still run. */
export const isTerminating = (pod: Pod): boolean => !isTerminated(pod) && isDeleting(pod);

/** Milliseconds since the epoch since when the pod has been ready; undefined when it is not, 0 when nobody wrote down since when. */
export function readySince({ status }: Pod): number | undefined {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') return undefined;
  return ready.lastTransitionTime === undefined ? 0 : Date.parse(ready.lastTransitionTime);
}

/** When a ready pod becomes available; undefined for others. */
export function availableAt(pod: Pod, minReadySeconds: number): number | undefined {
  const since = readySince(pod);
  if (since === undefined || minReadySeconds === 0) return since;
  return since === 0 ? undefined : since + minReadySeconds * 1000;
}
