import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { controllerOf } from '#core/api/controller-reference.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import { wantedPods } from './pace.ts';
import type { Rollout } from './rollout.ts';
import { isInUse, sum } from './sets.ts';

/** One step of replacing old pods by new ones once none of them runs. @returns whether there was one to take, or one is waited for */
export async function recreate(rollout: Rollout): Promise<boolean> {
  const inUse = rollout.oldSets.filter(isInUse);
  for (const set of inUse) await rollout.scale(set, 0);
  if (inUse.length > 0 || oldPodsRun(rollout)) return true;
  if (rollout.newSet === undefined) await rollout.createNewSet();
  return rollout.newSet !== undefined && rollout.scale(rollout.newSet, wantedPods(rollout.deployment));
}

/** Those on their way out still do. */
function oldPodsRun({ newSet, oldSets, pods }: Rollout): boolean {
  if (sum(oldSets, ({ status }) => status.replicas) > 0) return true;
  const isNew = (pod: Pod): boolean => newSet !== undefined && controllerOf(pod)?.uid === newSet.metadata.uid;
  return pods.some((pod) => !isNew(pod) && !isTerminated(pod));
}
