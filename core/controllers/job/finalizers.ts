import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { asError } from '#core/controllers/replica-set/slow-start.ts';
import { finalizerRemoval } from '#core/controllers/storage/metadata-patch.ts';
import { trackingFinalizer } from './names.ts';
import type { ReleasedPods } from './released-pods.ts';

export interface Removal {
  /** Those that bear the finalizer no more, or are gone. */
  readonly pods: readonly Pod[];
  /** What went wrong first, if anything did. */
  readonly failure: Error | undefined;
}

/** Takes the finalizer off pods, all at once, whichever version of them there is. */
export async function removeFinalizers(client: Client, released: ReleasedPods, pods: readonly Pod[], signal: AbortSignal): Promise<Removal> {
  const outcomes = await Promise.allSettled(pods.map(async (pod) => {
    try {
      await client.patch(Pod, pod.metadata, finalizerRemoval(pod.metadata.uid, trackingFinalizer), {}, signal);
    } catch (error) {
      // Gone already, or another pod has its name now.
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    }
    released.note(pod);
  }));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  return { pods: pods.filter((_, i) => outcomes[i]?.status === 'fulfilled'), failure: failed?.status === 'rejected' ? asError(failed.reason) : undefined };
}
