import { Job, type JobCondition } from '#core/api/schema/batch-v1/job.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import type { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { condition, setCondition } from './conditions.ts';
import { isFailed, isIgnored } from './failure-policy.ts';
import { removeFinalizers } from './finalizers.ts';
import { indexOf, isIndexed } from './names.ts';
import type { ReleasedPods } from './released-pods.ts';
import type { Survey } from './survey.ts';

type Status = Job['status'];

/** Pods that stand in the status by UID at a time: it has to stay small. */
const mostUncounted = 500;

/** What a status is to become. */
export interface Report {
  readonly seen: Survey;
  /** A copy of the Job's status, with what is new already. */
  readonly status: Status;
  /** The Job is to end: FailureTarget or SuccessCriteriaMet. */
  readonly verdict: JobCondition | undefined;
}

export interface TrackerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly written: OwnWrites<Job>;
  readonly released: ReleasedPods;
}

/**
 * Counts each pod exactly once (KEP-2307), whatever fails in between: first its UID is written into the status, then it loses the finalizer,
 * and only then the counter grows, in the same write that takes the UID out. Both writes hold only for the version of the status that was seen.
 */
export class Tracker {
  readonly #options: TrackerOptions;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** @param counted called once the pods cannot be counted again. @returns the Job as it was written last */
  async report({ seen, status, verdict }: Report, counted: () => void, signal: AbortSignal): Promise<Job> {
    const { clock } = this.#options;
    const isGone = (uid: string): boolean => seen.isComplete && !seen.tracked.has(uid);
    count(status, isGone);
    const leaving = noteEnded(seen, status, verdict);
    noteIndexes(seen, status);
    if (verdict !== undefined) setCondition(status, verdict);
    const job = await this.#write(seen.job, status, signal);
    counted();
    const removal = await removeFinalizers(this.#options, job, leaving.pods, signal);
    const removed = new Set(removal.pods.map(({ metadata }) => metadata.uid));
    const next = structuredClone(job.status);
    count(next, (uid) => removed.has(uid) || isGone(uid));
    if (removal.failure === undefined && !leaving.isCut && verdict !== undefined) finish(next, verdict, clock.now());
    const result = await this.#write(job, next, signal);
    if (removal.failure !== undefined) throw removal.failure;
    return result;
  }

  async #write(job: Job, status: Status, signal: AbortSignal): Promise<Job> {
    const { client, written } = this.#options;
    if (deepEqual(comparable(job.status), comparable(status))) return job;
    return written.note(await client.updateStatus(Job, { ...job, status }, {}, signal));
  }
}

/** Moves the UIDs of pods that are gone from the list of the uncounted into the counters. */
function count(status: Status, isGone: (uid: string) => boolean): void {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const left = { succeeded: succeeded.filter((uid) => !isGone(uid)), failed: failed.filter((uid) => !isGone(uid)) };
  status.succeeded = (status.succeeded ?? 0) + succeeded.length - left.succeeded.length;
  status.failed = (status.failed ?? 0) + failed.length - left.failed.length;
  setUncounted(status, left.succeeded, left.failed);
}

function setUncounted(status: Status, succeeded: string[], failed: string[]): void {
  status.uncountedTerminatedPods = { ...(succeeded.length === 0 ? {} : { succeeded }), ...(failed.length === 0 ? {} : { failed }) };
}

interface Leaving {
  readonly pods: readonly Pod[];
  /** There are more. */
  readonly isCut: boolean;
}

/** Writes down who ended. @returns the pods that may lose the finalizer once the status is written */
function noteEnded(seen: Survey, status: Status, verdict: JobCondition | undefined): Leaving {
  const lists = { succeeded: [...(status.uncountedTerminatedPods?.succeeded ?? [])], failed: [...(status.uncountedTerminatedPods?.failed ?? [])] };
  const known = new Set([...lists.succeeded, ...lists.failed]);
  const leaving = seen.pods.filter((pod) => seen.tracked.has(pod.metadata.uid) && mayLeave(seen, pod, verdict));
  const fresh = leaving.filter(({ metadata }) => !known.has(metadata.uid));
  const noted = fresh.slice(0, Math.max(0, mostUncounted - known.size));
  for (const pod of noted) {
    const list = listFor(seen.job, pod, verdict);
    if (list !== undefined) lists[list].push(pod.metadata.uid);
  }
  setUncounted(status, lists.succeeded, lists.failed);
  return { pods: [...leaving.filter(({ metadata }) => known.has(metadata.uid)), ...noted], isCut: noted.length < fresh.length };
}

function mayLeave({ job, indexes }: Survey, pod: Pod, verdict: JobCondition | undefined): boolean {
  if (isDeleting(job) || verdict !== undefined || pod.status.phase === 'Succeeded') return true;
  return isFailed(job, pod) && indexes?.replaced.get(indexOf(job, pod) ?? -1) !== pod;
}

/** Of a Job that has failed all pods have, and of one that has succeeded those that did not matter any more count nowhere. */
function listFor(job: Job, pod: Pod, verdict: JobCondition | undefined): 'succeeded' | 'failed' | undefined {
  if (isIndexed(job) && indexOf(job, pod) === undefined) return undefined;
  if (pod.status.phase === 'Succeeded') return isIndexed(job) ? undefined : 'succeeded';
  const hasFailed = isFailed(job, pod) || verdict?.type === 'FailureTarget';
  return hasFailed && !isIgnored(job, pod) ? 'failed' : undefined;
}

/** Indexes need no list of UIDs: an index counts once, however many of its pods succeed. */
function noteIndexes({ indexes }: Survey, status: Status): void {
  if (indexes === undefined) return;
  status.succeeded = indexes.succeeded.size;
  status.completedIndexes = indexes.succeeded.toString();
  if (indexes.failed === undefined) delete status.failedIndexes;
  else status.failedIndexes = indexes.failed.toString();
}

/** The Job is over once everything is counted and nothing runs any more. */
function finish(status: Status, verdict: JobCondition, now: number): void {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if (succeeded.length + failed.length > 0 || (status.terminating ?? 0) > 0) return;
  const isSuccess = verdict.type === 'SuccessCriteriaMet';
  setCondition(status, condition(isSuccess ? 'Complete' : 'Failed', verdict.reason ?? '', verdict.message ?? '', now));
  status.startTime ??= rfc3339(now);
  if (isSuccess) status.completionTime = rfc3339(now);
}

/** What is not there counts as nothing. */
function comparable({ uncountedTerminatedPods, ...status }: Status): unknown {
  return {
    ...status, active: status.active ?? 0, succeeded: status.succeeded ?? 0, failed: status.failed ?? 0, completedIndexes: status.completedIndexes ?? '',
    uncounted: uncountedTerminatedPods ?? {}, conditions: status.conditions ?? [],
  };
}
