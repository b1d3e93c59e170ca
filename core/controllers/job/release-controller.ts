import { controllerOf } from '#core/api/controller-reference.ts';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { hasFinalizer } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { metadataPatch, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { endOf } from './conditions.ts';
import { isManagedHere, trackingFinalizer } from './names.ts';

export interface JobPodReleaseOptions {
  readonly client: Client;
  readonly informers: Informers;
}

const byJob = 'tracked-pods-by-job';

/** Lets pods go that wait to be counted by a Job that is gone or over. Keys are pods. */
export class JobPodReleaseController implements Controller {
  readonly name = 'job-pod-release';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;

  constructor({ client, informers }: JobPodReleaseOptions) {
    this.#client = client;
    const jobs = (this.#jobs = informers.for(Job));
    const pods = (this.#pods = informers.for(Pod));
    pods.addIndex(byJob, (pod) => (isTracked(pod) ? [controllerOf(pod)?.uid ?? ''] : []));
    this.sources = [
      source(pods, (pod) => (pod !== undefined && isTracked(pod) && this.#looksForsaken(pod) ? [keyOf(pod)] : [])),
      source(jobs, (job, previous) => {
        const ended = job === undefined ? previous : endOf(job) && job;
        return ended === undefined ? [] : pods.byIndex(byJob, ended.metadata.uid).map(keyOf);
      }),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.get(key);
    if (pod === undefined || !isTracked(pod) || !this.#looksForsaken(pod)) return;
    const reference = controllerOf(pod);
    // The cache of Jobs may not show yet what that of pods does.
    if (reference !== undefined && isWaitedFor(await live(this.#client, Job, { namespace: pod.metadata.namespace, name: reference.name }, signal), reference)) return;
    await this.#client.patch(Pod, pod.metadata, metadataPatch(pod, { finalizers: withoutFinalizer(pod, trackingFinalizer) }), {}, signal);
  }

  #looksForsaken(pod: Pod): boolean {
    const reference = controllerOf(pod);
    if (reference === undefined) return true;
    return isJob(reference) && !isWaitedFor(this.#jobs.get(`${pod.metadata.namespace ?? ''}/${reference.name}`), reference);
  }
}

const isTracked = (pod: Pod): boolean => hasFinalizer(pod, trackingFinalizer);
const isJob = ({ apiVersion, kind }: OwnerReference): boolean => kind === 'Job' && apiVersion.startsWith('batch/');

/** The Job will still count its pods; what those of other controllers do is their own affair. */
const isWaitedFor = (job: Job | undefined, { uid }: OwnerReference): boolean => job?.metadata.uid === uid && (endOf(job) === undefined || !isManagedHere(job));
