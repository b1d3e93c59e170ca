import type { Deployment } from '#core/api/schema/apps-v1/deployment.ts';

/** In pods. */
export interface Pace {
  /** May run beyond those that are wanted. */
  readonly maxSurge: number;
  /** May be missing. */
  readonly maxUnavailable: number;
}

export const wantedPods = ({ spec }: Deployment): number => spec.replicas ?? 1;

export const isRolling = ({ spec: { strategy } }: Deployment): boolean => strategy.type !== 'Recreate';

/**
 * How fast new pods take the place of old ones. Shares of a surge are rounded up and those that may be missing down; when both come to nothing
 * one pod may be missing, since nothing could change otherwise.
 */
export function paceOf(deployment: Deployment): Pace {
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const wanted = wantedPods(deployment);
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy.rollingUpdate ?? {};
  const surge = Math.ceil(podsOf(maxSurge, wanted));
  const missing = Math.floor(podsOf(maxUnavailable, wanted));
  return { maxSurge: surge, maxUnavailable: Math.min(wanted, surge === 0 && missing === 0 ? 1 : missing) };
}

/** Whole numbers are multiplied first, so that a share which comes out even is exact. */
const podsOf = (value: number | string, of: number): number => (typeof value === 'number' ? value : (Number(/^(\d+)%$/.exec(value)?.[1] ?? 0) * of) / 100);

/** As many as may run at a time, when pods are replaced. */
export const mostPods = (deployment: Deployment): number => wantedPods(deployment) + paceOf(deployment).maxSurge;

/** As many as have to be available. */
export const fewestAvailable = (deployment: Deployment): number => wantedPods(deployment) - paceOf(deployment).maxUnavailable;
