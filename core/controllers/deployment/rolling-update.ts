import { fewestAvailable, wantedPods } from './pace.ts';
import type { Rollout } from './rollout.ts';
import { availableIn, isInUse, oldestFirst, sizeOf, sum } from './sets.ts';

/** One step of replacing old pods bit by bit. @returns whether there was one to take */
export async function rollingUpdate(rollout: Rollout): Promise<boolean> {
  if (rollout.newSet === undefined) await rollout.createNewSet();
  return await growNewSet(rollout) || await shrinkOldSets(rollout);
}

async function growNewSet(rollout: Rollout): Promise<boolean> {
  const { newSet, deployment } = rollout;
  const wanted = wantedPods(deployment);
  if (newSet === undefined || sizeOf(newSet) === wanted) return false;
  const size = sizeOf(newSet) > wanted ? wanted : rollout.roomForNewSet();
  return size !== sizeOf(newSet) && rollout.scale(newSet, size);
}

/**
 * Pods of the new set that are not available yet are not counted on: were they, old ones would go although nothing takes their place.
 * So a rollout whose new pods fail stops before it does harm.
 */
async function shrinkOldSets(rollout: Rollout): Promise<boolean> {
  const { newSet, deployment, sets } = rollout;
  if (newSet === undefined || !rollout.oldSets.some(isInUse)) return false;
  const notYetAvailable = sizeOf(newSet) - availableIn(newSet);
  const most = sum(sets, sizeOf) - fewestAvailable(deployment) - notYetAvailable;
  if (most <= 0) return false;
  const unhealthy = await shrink(rollout, most, (size, available) => size - available);
  // Counted anew: the sets are smaller now.
  const spare = sum(rollout.sets, availableIn) - fewestAvailable(deployment);
  const healthy = await shrink(rollout, spare, (size) => size);
  return unhealthy + healthy > 0;
}

/** Takes pods from old sets, the oldest first. @returns how many */
async function shrink(rollout: Rollout, most: number, ofSet: (size: number, available: number) => number): Promise<number> {
  let left = Math.max(0, most);
  for (const set of rollout.oldSets.filter(isInUse).toSorted(oldestFirst)) {
    const count = Math.min(left, ofSet(sizeOf(set), availableIn(set)));
    if (count <= 0) continue;
    await rollout.scale(set, sizeOf(set) - count);
    left -= count;
  }
  return Math.max(0, most) - left;
}
