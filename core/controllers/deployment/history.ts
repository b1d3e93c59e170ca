import { isDeleting } from '#core/controllers/storage/claims.ts';
import { byRevision } from './revisions.ts';
import type { Rollout } from './rollout.ts';
import { sizeOf } from './sets.ts';

/** Means: keep all. */
const noLimit = 2 ** 31 - 1;

/** Deletes the oldest sets that are not in use, when there are more than the Deployment keeps for a rollback. */
export async function trimHistory(rollout: Rollout): Promise<void> {
  const limit = rollout.deployment.spec.revisionHistoryLimit ?? noLimit;
  const old = rollout.oldSets.filter((set) => !isDeleting(set)).toSorted(byRevision);
  for (const set of limit === noLimit ? [] : old.slice(0, Math.max(0, old.length - limit))) {
    const { metadata: { generation = 0 }, status } = set;
    if (sizeOf(set) === 0 && status.replicas === 0 && generation <= (status.observedGeneration ?? 0)) await rollout.delete(set);
  }
}
