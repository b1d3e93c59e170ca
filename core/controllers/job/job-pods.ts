import { controllerOf } from '#core/api/controller-reference.ts';
import { LabelSelector } from '#core/api/label-selector.ts';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Client } from '#core/client/client.ts';
import { isActive } from '#core/controllers/replica-set/active-pod.ts';
import type { Expectations } from '#core/controllers/replica-set/expectations.ts';
import type { OwnPods } from '#core/controllers/replica-set/own-pods.ts';
import { Claims, OwnerGoneError } from '#core/controllers/replica-set/pod-claims.ts';
import { unlessEmpty, type PodOwners } from '#core/controllers/replica-set/pod-set.ts';
import { hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { trackingFinalizer } from './names.ts';
import type { ReleasedPods } from './released-pods.ts';

export const jobOwners: PodOwners<Job> = {
  kind: Job,
  selectorOf: ({ spec }) => unlessEmpty(LabelSelector.of(spec.selector)),
};

export interface JobPodsOptions {
  readonly client: Client;
  readonly own: OwnPods<Job>;
  readonly expectations: Expectations;
  readonly released: ReleasedPods;
}

/** The pods of Jobs, with orphans adopted and others released. A pod gets and loses the finalizer in the same write as its owner. */
export class JobPods {
  readonly #options: JobPodsOptions;

  constructor(options: JobPodsOptions) {
    this.#options = options;
  }

  /** @param isLive ask the API server instead of the cache. @returns undefined when the Job is not what the cache shows */
  async of(job: Job, isLive: boolean, signal: AbortSignal): Promise<readonly Pod[] | undefined> {
    const { client, own } = this.#options;
    const claims = new Claims({
      client, kind: Job, owner: job, selector: jobOwners.selectorOf(job), signal, of: Pod, isClaimable: isActive,
      adoption: { finalizers: [trackingFinalizer] }, release: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] },
    });
    try {
      return await claims.claim(isLive ? await this.#live(job, signal) : [...own.of(job), ...own.orphans(job)]);
    } catch (error) {
      if (error instanceof OwnerGoneError) return undefined;
      throw error;
    }
  }

  /** What the API server has. From here on the cache is waited for until it shows the same, and nothing of it is counted that was counted before. */
  async #live(job: Job, signal: AbortSignal): Promise<readonly Pod[]> {
    const { client, own, expectations, released } = this.#options;
    const { uid, namespace } = job.metadata;
    const { items } = await client.list(Pod, { namespace }, signal);
    const now = items.filter((pod) => controllerOf(pod)?.uid === uid);
    const alive = new Map(now.map((pod) => [pod.metadata.uid, pod]));
    expectations.forget(uid);
    for (const pod of now) {
      expectations.created(uid, pod);
      if (!hasFinalizer(pod, trackingFinalizer)) released.note(uid, pod, pod.metadata.resourceVersion);
    }
    for (const pod of own.of(job)) {
      const current = alive.get(pod.metadata.uid);
      if (current === undefined) released.note(uid, pod, undefined);
      if (current === undefined || isDeleting(current)) expectations.deleted(uid, pod);
    }
    return items.filter((pod) => (controllerOf(pod)?.uid ?? uid) === uid);
  }
}
