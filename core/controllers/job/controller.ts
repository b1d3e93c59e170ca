import { Job, type JobCondition } from '#core/api/schema/batch-v1/job.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Expectations, type Standing } from '#core/controllers/replica-set/expectations.ts';
import { OwnPods } from '#core/controllers/replica-set/own-pods.ts';
import { Scaler } from '#core/controllers/replica-set/scaler.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { announce } from './announcements.ts';
import { BackOffs, type FailureRecord } from './back-offs.ts';
import { condition, endOf, setCondition } from './conditions.ts';
import { CrewKeeper, crewOf, type Crew } from './crew.ts';
import { jobOwners, JobPods } from './job-pods.ts';
import { isManagedHere, isSuspended } from './names.ts';
import { ReleasedPods } from './released-pods.ts';
import { survey, type Survey } from './survey.ts';
import { Tracker } from './tracker.ts';
import { isDone, untilDeadline, verdictOn } from './verdict.ts';

export interface JobOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

/** How soon a cache that is behind is looked at again, if it says nothing itself. */
const staleMs = 1000;

interface Step {
  readonly crew: Crew;
  readonly verdict: JobCondition | undefined;
}

/** Has pods run until enough of them have succeeded, or too many have failed. Keys are Jobs. */
export class JobController implements Controller {
  readonly name = 'job';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #jobs: Informer<Job>;
  readonly #pods: JobPods;
  readonly #released: ReleasedPods;
  readonly #written: OwnWrites<Job>;
  readonly #expectations: Expectations;
  readonly #crews: CrewKeeper;
  readonly #tracker: Tracker;
  readonly #backOffs = new BackOffs();
  /** UIDs of Jobs of whose pods this process knows which are counted: it has asked, or was the first to write their status. */
  readonly #known = new Set<string>();

  constructor({ client, informers, clock, recorder }: JobOptions) {
    this.#clock = clock;
    this.#recorder = recorder;
    const jobs = (this.#jobs = informers.for(Job));
    const pods = informers.for(Pod);
    const own = new OwnPods(jobOwners, jobs, pods);
    const released = (this.#released = new ReleasedPods(pods));
    const written = (this.#written = new OwnWrites(jobs));
    const expectations = (this.#expectations = new Expectations(pods, clock));
    this.#pods = new JobPods({ client, own, expectations, released });
    this.#crews = new CrewKeeper({ client, released, scaler: new Scaler({ client, recorder, expectations }) });
    this.#tracker = new Tracker({ client, clock, written, released });
    this.sources = [
      source(jobs, (job, previous) => this.#noted(job, previous)),
      source(pods, (pod, previous) => own.affected(pod, previous)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#jobs.get(key);
    if (cached === undefined) return;
    const job = this.#written.newest(cached);
    const { uid } = job.metadata;
    if (!isManagedHere(job) || endOf(job) !== undefined) return this.#forget(uid);
    this.#released.tidy(uid);
    const standing = this.#expectations.standing(uid);
    const isLive = standing === 'unsure' || !(this.#known.has(uid) || isUntouched(job));
    const pods = await this.#pods.of(job, isLive, signal);
    if (pods === undefined) return { requeueAfterMs: staleMs };
    if (isLive) this.#known.add(uid);
    const seen = survey(job, pods, (pod) => this.#released.isTracked(uid, pod), isLive || standing === 'settled');
    return this.#advance(seen, standing, signal);
  }

  async #advance(seen: Survey, standing: Standing, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { job, job: { metadata: { uid } } } = seen;
    const now = this.#clock.now();
    const record = this.#backOffs.after(uid, seen.newSucceeded, seen.newFailed);
    const status = structuredClone(job.status);
    if (!isSuspended(job)) status.startTime ??= rfc3339(now);
    const { crew, verdict } = await this.#act(seen, status, record, signal);
    signal.throwIfAborted();
    // Gone meanwhile: nobody will ask for what it expected.
    if (this.#jobs.get(keyOf(job))?.metadata.uid !== uid) return this.#forget(uid);
    const { active, ready, terminating } = crew;
    Object.assign(status, { active, ready, terminating });
    const written = await this.#tracker.report({ seen, status, verdict }, () => this.#backOffs.keep(uid, record), signal);
    this.#known.add(uid);
    announce(this.#recorder, job, written);
    if (crew.failure !== undefined) throw crew.failure;
    const waits = [crew.waitMs, untilDeadline(written, this.#clock.now()), standing === 'behind' ? this.#expectations.patienceMs(uid) : undefined].filter((ms) => ms !== undefined).filter((ms) => ms > 0);
    if (waits.length > 0 && endOf(written) === undefined) return { requeueAfterMs: Math.min(...waits) };
  }

  /** Makes and deletes pods, and decides whether the Job is to end. A verdict holds only once all pods are known, and none that should not run does. */
  async #act(seen: Survey, status: Job['status'], record: FailureRecord, signal: AbortSignal): Promise<Step> {
    const { job, isComplete } = seen;
    const now = this.#clock.now();
    const verdict = verdictOn(seen, now);
    if (verdict !== undefined) {
      const crew = await this.#crews.end(seen, signal);
      return { crew, verdict: isComplete && crew.failure === undefined ? verdict : undefined };
    }
    const mayAct = isComplete && !isDeleting(job);
    const crew = mayAct ? await this.#crews.keep(seen, record, now, signal) : crewOf(seen);
    if (isComplete && isDone(seen, crew.active)) return { crew, verdict: condition('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods', now) };
    if (mayAct) noteSuspension(job, status, now);
    return { crew, verdict: undefined };
  }

  #noted(job: Job | undefined, previous: Job | undefined): string[] {
    if (previous !== undefined && job?.metadata.uid !== previous.metadata.uid) this.#forget(previous.metadata.uid);
    return job === undefined ? [] : [keyOf(job)];
  }

  #forget(uid: string): void {
    this.#expectations.forget(uid);
    this.#backOffs.forget(uid);
    this.#released.forget(uid);
    this.#known.delete(uid);
  }
}

/** No process has written of it yet; if one has, and the cache does not show it, the first write will be refused. */
const isUntouched = ({ status: { startTime, conditions = [] } }: Job): boolean => startTime === undefined && conditions.length === 0;

/** A Job that is resumed begins anew: the time that it was suspended does not count towards its deadline. */
function noteSuspension(job: Job, status: Job['status'], now: number): void {
  if (isSuspended(job)) setCondition(status, condition('Suspended', 'JobSuspended', 'Job suspended', now));
  else if (setCondition(status, condition('Suspended', 'JobResumed', 'Job resumed', now, 'False'))) status.startTime = rfc3339(now);
}
