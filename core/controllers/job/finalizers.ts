import type { Job } from '#core/api/schema/batch-v1/job.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { asError } from '#core/controllers/replica-set/slow-start.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { finalizerRemoval } from '#core/controllers/storage/metadata-patch.ts';
import { trackingFinalizer } from './names.ts';
import type { ReleasedPods } from './released-pods.ts';

export interface Removal {
  /** Those that bear the finalizer no more, or are gone. */
  readonly pods: readonly Pod[];
  /** What went wrong first, if anything did. */
  readonly failure: Error | undefined;
}

export interface FinalizerOptions {
  readonly client: Client;
  readonly released: ReleasedPods;
}

/** Takes the finalizer off pods of a Job, all at once, whichever version of them there is. */
export async function removeFinalizers({ client, released }: FinalizerOptions, { metadata: { uid } }: Job, pods: readonly Pod[], signal: AbortSignal): Promise<Removal> {
  const outcomes = await Promise.allSettled(pods.map(async (pod) => {
    try {
      const left = await client.patch(Pod, pod.metadata, finalizerRemoval(pod.metadata.uid, trackingFinalizer), {}, signal);
      // One that waited for the finalizer alone went with it, and the answer shows it as it was before.
      released.note(uid, pod, isDeleting(left) ? undefined : left.metadata.resourceVersion);
    } catch (error) {
      // Gone already, or another pod has its name now.
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
      released.note(uid, pod, undefined);
    }
  }));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  return { pods: pods.filter((_, i) => outcomes[i]?.status === 'fulfilled'), failure: failed?.status === 'rejected' ? asError(failed.reason) : undefined };
}
