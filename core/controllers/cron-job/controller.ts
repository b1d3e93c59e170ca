import { controllerOf } from '#core/api/controller-reference.ts';
import { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { noteEnded, referenceTo, setActive, surplusOf } from './active-jobs.ts';
import { dueTimes, type DueTimes } from './due-times.ts';
import { jobNameOf, jobOf } from './job-of.ts';

export interface CronJobOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** Of schedules that name no zone; the process's own by default. */
  readonly zone?: string;
}

const byController = 'jobs-by-cron-job';
const manyMissed = 100;
/** Times have whole seconds: a little later they have come for certain. */
const delayMs = 100;

/** Makes Jobs by the clock. Keys are CronJobs. */
export class CronJobController implements Controller {
  readonly name = 'cron-job';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #states: EventRecorder;
  readonly #zone: string;
  readonly #cronJobs: Informer<CronJob>;
  readonly #jobs: Informer<Job>;
  readonly #written: OwnWrites<CronJob>;

  constructor({ client, informers, clock, recorder, zone = new Intl.DateTimeFormat().resolvedOptions().timeZone }: CronJobOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#events = recorder;
    this.#states = new Announcer(recorder, clock);
    this.#zone = zone;
    const cronJobs = (this.#cronJobs = informers.for(CronJob));
    const jobs = (this.#jobs = informers.for(Job));
    this.#written = new OwnWrites(cronJobs);
    jobs.addIndex(byController, (job) => [ownerKey(job)].filter((key) => key !== undefined));
    this.sources = [
      source(cronJobs, (cronJob) => (cronJob === undefined ? [] : [keyOf(cronJob)])),
      source(jobs, (job, previous) => [job, previous].map((each) => each && ownerKey(each)).filter((key) => key !== undefined)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#cronJobs.get(key);
    if (cached === undefined) return;
    const cronJob = this.#written.newest(cached);
    const jobs = this.#jobs.byIndex(byController, key).filter((job) => controllerOf(job)?.uid === cronJob.metadata.uid);
    const status = structuredClone(cronJob.status);
    noteEnded(this.#states, cronJob, status, jobs);
    await this.#forgetMissing(cronJob, status, jobs, signal);
    const now = this.#clock.now();
    const times = this.#times(cronJob, now);
    if (times?.due !== undefined) await this.#serve(cronJob, status, { ...times, due: times.due }, signal);
    if (!deepEqual(status, cronJob.status)) this.#written.note(await this.#client.updateStatus(CronJob, { ...cronJob, status }, {}, signal));
    for (const job of surplusOf(cronJob, jobs)) await this.#delete(cronJob, job.metadata, signal);
    if (times?.next !== undefined) return { requeueAfterMs: Math.max(0, times.next - now) + delayMs };
  }

  /** Jobs that the status names may be gone, or not in the cache yet. */
  async #forgetMissing(cronJob: CronJob, status: CronJob['status'], jobs: readonly Job[], signal: AbortSignal): Promise<void> {
    const known = new Set(jobs.map(({ metadata }) => metadata.uid));
    for (const { name = '', uid = '' } of status.active ?? []) {
      if (known.has(uid)) continue;
      const job = await live(this.#client, Job, { namespace: cronJob.metadata.namespace, name }, signal);
      if (job?.metadata.uid === uid) continue;
      this.#events.normal(cronJob, 'MissingJob', `Active job went missing: ${name}`);
      setActive(status, (status.active ?? []).filter((reference) => reference.uid !== uid));
    }
  }

  /** Undefined when no Job is to be made until something changes. */
  #times(cronJob: CronJob, now: number): DueTimes | undefined {
    if (isDeleting(cronJob) || cronJob.spec.suspend === true) return undefined;
    try {
      return dueTimes(cronJob, cronJob.spec.timeZone ?? this.#zone, now);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#states.warning(cronJob, 'UnparseableSchedule', `unparseable schedule: ${JSON.stringify(cronJob.spec.schedule)} : ${error.message}`);
      return undefined;
    }
  }

  async #serve(cronJob: CronJob, status: CronJob['status'], { due, missed }: DueTimes & { readonly due: number }, signal: AbortSignal): Promise<void> {
    if (missed > manyMissed) {
      this.#states.warning(cronJob, 'TooManyMissedTimes', 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew');
    }
    if (status.active?.some(({ name }) => name === jobNameOf(cronJob, due)) === true) return;
    if (!(await this.#mayStart(cronJob, status, signal))) return;
    const job = await this.#create(cronJob, due, signal);
    if (job === undefined) return;
    setActive(status, [...(status.active ?? []), referenceTo(job)]);
    status.lastScheduleTime = rfc3339(due);
  }

  async #mayStart(cronJob: CronJob, status: CronJob['status'], signal: AbortSignal): Promise<boolean> {
    const active = status.active ?? [];
    if (active.length === 0 || cronJob.spec.concurrencyPolicy === 'Allow') return true;
    if (cronJob.spec.concurrencyPolicy === 'Forbid') {
      this.#states.normal(cronJob, 'JobAlreadyActive', 'Not starting job because prior execution is running and concurrency policy is Forbid');
      return false;
    }
    for (const { name = '', uid = '' } of active) await this.#delete(cronJob, { namespace: cronJob.metadata.namespace, name, uid }, signal);
    setActive(status, []);
    return true;
  }

  /** Undefined when there is nothing to be made any more. */
  async #create(cronJob: CronJob, due: number, signal: AbortSignal): Promise<Job | undefined> {
    const draft = jobOf(cronJob, due, cronJob.spec.timeZone ?? this.#zone);
    try {
      const job = await this.#client.create(Job, draft, {}, signal);
      this.#events.normal(cronJob, 'SuccessfulCreate', `Created job ${job.metadata.name}`);
      return job;
    } catch (error) {
      if (StatusError.is(error, 'AlreadyExists')) {
        const job = await live(this.#client, Job, { namespace: cronJob.metadata.namespace, name: jobNameOf(cronJob, due) }, signal);
        // It was made before, and the status was not written any more.
        if (job !== undefined && controllerOf(job)?.uid === cronJob.metadata.uid) return job;
      }
      if (StatusError.is(error, 'Forbidden') && error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true) return undefined;
      this.#states.warning(cronJob, 'FailedCreate', `Error creating job: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  async #delete(cronJob: CronJob, { namespace, name, uid }: { readonly namespace?: string | undefined; readonly name: string; readonly uid: string }, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.delete(Job, { namespace, name }, { preconditions: { uid }, propagationPolicy: 'Background' }, signal);
      this.#events.normal(cronJob, 'SuccessfulDelete', `Deleted job ${name}`);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

/** The CronJob that manages a Job. */
function ownerKey(job: Job): string | undefined {
  const reference = controllerOf(job);
  return reference?.kind === 'CronJob' && reference.apiVersion.startsWith('batch/') ? `${job.metadata.namespace ?? ''}/${reference.name}` : undefined;
}
