import type { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import type { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { annotations } from './names.ts';
import { isRolling, mostPods, wantedPods } from './pace.ts';
import { numberIn } from './revisions.ts';
import type { Rollout } from './rollout.ts';
import { isInUse, largestNewestFirst, largestOldestFirst, oldestFirst, sizeOf, sum } from './sets.ts';

/** The Deployment has another size than when its sets got theirs. */
export const isResized = ({ sets, deployment }: Rollout): boolean =>
  sets.filter(isInUse).some((set) => (numberIn(set, annotations.desired) ?? wantedPods(deployment)) !== wantedPods(deployment));

/** Gives the sets their share of the Deployment's size: all of it to the only one in use; otherwise to each as much as it had before. */
export async function scale(rollout: Rollout): Promise<void> {
  const { deployment, newSet, oldSets, sets } = rollout;
  const wanted = wantedPods(deployment);
  const only = onlyOrLatest(newSet, oldSets);
  if (only !== undefined) return void await rollout.scale(only, wanted);
  if (isSaturated(deployment, newSet)) {
    for (const set of oldSets.filter(isInUse)) await rollout.scale(set, 0);
    return;
  }
  if (!isRolling(deployment)) return;
  for (const [set, size] of proportions(deployment, sets.filter(isInUse))) await rollout.scale(set, size);
}

/** The only set in use; when none is, the new one or the newest; undefined when there are several or none at all. */
function onlyOrLatest(newSet: ReplicaSet | undefined, oldSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const [first, ...others] = [...oldSets, ...(newSet === undefined ? [] : [newSet])].filter(isInUse);
  if (first === undefined) return newSet ?? oldSets.toSorted(oldestFirst).at(-1);
  return others.length === 0 ? first : undefined;
}

/** The new set has all pods, and they are available. */
function isSaturated(deployment: Deployment, newSet: ReplicaSet | undefined): boolean {
  const wanted = wantedPods(deployment);
  return newSet !== undefined && sizeOf(newSet) === wanted && numberIn(newSet, annotations.desired) === wanted && (newSet.status.availableReplicas ?? 0) === wanted;
}

/**
 * New sizes in the proportions of the present ones, so that a rollout under way goes on as it was, and what goes wrong with it does not spread.
 * What rounding leaves over goes to the largest.
 */
export function proportions(deployment: Deployment, sets: readonly ReplicaSet[]): [ReplicaSet, number][] {
  const allowed = wantedPods(deployment) > 0 ? mostPods(deployment) : 0;
  const change = allowed - sum(sets, sizeOf);
  let left = change;
  const sizes = sets.toSorted(change > 0 ? largestNewestFirst : largestOldestFirst).map((set): [ReplicaSet, number] => {
    const share = left === 0 ? 0 : shareOf(deployment, set);
    const part = change > 0 ? Math.min(share, left) : Math.max(share, left);
    left -= part;
    return [set, sizeOf(set) + part];
  });
  const [largest] = sizes;
  if (largest !== undefined) largest[1] = Math.max(0, largest[1] + left);
  return sizes;
}

function shareOf(deployment: Deployment, set: ReplicaSet): number {
  if (wantedPods(deployment) === 0) return -sizeOf(set);
  // Whoever took the annotation away left the Deployment's present size.
  const before = numberIn(set, annotations.max) ?? 0;
  const of = before === 0 ? deployment.status.replicas ?? 0 : before;
  return of === 0 ? 0 : Math.round((sizeOf(set) * mostPods(deployment)) / of) - sizeOf(set);
}
