import { Job } from '#core/api/schema/batch-v1/job.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, parseKey, type Client } from '#core/client/client.ts';
import { endOf } from '#core/controllers/job/conditions.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface TtlAfterFinishedOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
}

/** Deletes Jobs, and with them their pods, `ttlSecondsAfterFinished` after their end (KEP-592). Keys are Jobs. */
export class TtlAfterFinishedController implements Controller {
  readonly name = 'ttl-after-finished';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #jobs: Informer<Job>;

  constructor({ client, informers, clock }: TtlAfterFinishedOptions) {
    this.#client = client;
    this.#clock = clock;
    const jobs = (this.#jobs = informers.for(Job));
    this.sources = [source(jobs, (job) => (job === undefined || expiry(job) === undefined ? [] : [keyOf(job)]))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#jobs.get(key);
    const wait = cached && this.#untilExpiry(cached);
    if (wait === undefined) return;
    if (wait > 0) return { requeueAfterMs: wait };
    // It may have been given more time meanwhile.
    const job = await live(this.#client, Job, parseKey(key), signal);
    const left = job && this.#untilExpiry(job);
    if (job === undefined || left === undefined) return;
    if (left > 0) return { requeueAfterMs: left };
    const { uid, resourceVersion } = job.metadata;
    await this.#client.delete(Job, job.metadata, { preconditions: { uid, resourceVersion }, propagationPolicy: 'Foreground' }, signal).catch((error: unknown) => {
      if (!StatusError.is(error, 'NotFound')) throw error;
    });
  }

  #untilExpiry(job: Job): number | undefined {
    const at = expiry(job);
    return at === undefined ? undefined : Math.max(0, at - this.#clock.now());
  }
}

/** In milliseconds since the epoch; undefined for a Job that has not ended, may stay, or is going already. */
function expiry(job: Job): number | undefined {
  const { ttlSecondsAfterFinished } = job.spec;
  const since = endOf(job)?.lastTransitionTime;
  return ttlSecondsAfterFinished === undefined || since === undefined || isDeleting(job) ? undefined : Date.parse(since) + ttlSecondsAfterFinished * 1000;
}
