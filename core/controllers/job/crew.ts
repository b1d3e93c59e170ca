import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Client } from '#core/client/client.ts';
import { isPodReady } from '#core/controllers/nodes/conditions.ts';
import { podsToDelete } from '#core/controllers/replica-set/deletion-order.ts';
import type { Scaler } from '#core/controllers/replica-set/scaler.ts';
import { remainingMs, finishedAt, type FailureRecord } from './back-offs.ts';
import { removeFinalizers } from './finalizers.ts';
import { failuresWith } from './index-failures.ts';
import { indexOf, isIndexed, isSuspended, replacesOnlyFailed } from './names.ts';
import { podOf, podOfIndex } from './pod-drafts.ts';
import type { ReleasedPods } from './released-pods.ts';
import { indexesOf, type IndexView, type Survey } from './survey.ts';

/** Pods made or deleted before the cache is looked at again. */
const burst = 500;

/** How many pods there are after something was done about it. */
export interface Crew {
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  readonly failure?: Error | undefined;
  /** Milliseconds until another pod may be made. */
  readonly waitMs?: number | undefined;
}

export interface CrewKeeperOptions {
  readonly client: Client;
  readonly scaler: Scaler;
  readonly released: ReleasedPods;
}

/** Has as many pods run as the Job wants at the time. */
export class CrewKeeper {
  readonly #options: CrewKeeperOptions;

  constructor(options: CrewKeeperOptions) {
    this.#options = options;
  }

  /** @param record of failures, by which it waits before it makes pods. @param now milliseconds since the epoch */
  async keep(seen: Survey, record: FailureRecord, now: number, signal: AbortSignal): Promise<Crew> {
    const { job, active } = seen;
    const wanted = wantedActive(seen);
    const surplus = surplusOf(seen, Math.max(0, active.length - wanted), now).slice(0, burst);
    if (surplus.length > 0) return this.#dismiss(seen, surplus, signal);
    const missing = Math.min(burst, wanted - active.length - (replacesOnlyFailed(job) ? seen.terminating.length : 0));
    if (missing <= 0 || isSuspended(job)) return crewOf(seen);
    return this.#hire(seen, missing, record, now, signal);
  }

  /** Deletes all pods that run, and leaves it to others to count them. */
  async end(seen: Survey, signal: AbortSignal): Promise<Crew> {
    const failure = await this.#options.scaler.delete(seen.job, seen.active, signal);
    return { ...crewOf(seen, failure === undefined ? seen.active : []), failure };
  }

  /** They are not wanted any more, which is no failure of theirs: the finalizer goes first, so that nobody counts them. */
  async #dismiss(seen: Survey, pods: readonly Pod[], signal: AbortSignal): Promise<Crew> {
    const removal = await removeFinalizers(this.#options, seen.job, pods, signal);
    const failure = removal.failure ?? await this.#options.scaler.delete(seen.job, removal.pods, signal);
    return { ...crewOf(seen, failure === undefined ? pods : []), failure };
  }

  async #hire(seen: Survey, missing: number, record: FailureRecord, now: number, signal: AbortSignal): Promise<Crew> {
    const { job, indexes } = seen;
    const isPerIndex = indexes?.failed !== undefined;
    const waitMs = isPerIndex ? 0 : remainingMs(record, now);
    if (waitMs > 0) return { ...crewOf(seen), waitMs };
    const next = indexes === undefined ? undefined : nextIndexes(seen, indexes, missing, now);
    const drafts = next?.indexes.map((index) => podOfIndex(job, index, indexes?.replaced.get(index))) ?? Array.from({ length: missing }, () => podOf(job));
    const failure = await this.#options.scaler.createEach(job, drafts, signal);
    const crew = crewOf(seen);
    return { ...crew, active: crew.active + (failure === undefined ? drafts.length : 0), failure, waitMs: next?.waitMs };
  }
}

/** @param leaving those of the active pods that were deleted since */
export function crewOf({ active, terminating }: Survey, leaving: readonly Pod[] = []): Crew {
  const gone = new Set(leaving);
  return { active: active.length - gone.size, ready: active.filter((pod) => !gone.has(pod) && isPodReady(pod)).length, terminating: terminating.length + gone.size };
}

function wantedActive({ job, active, succeeded }: Survey): number {
  const { parallelism = 1, completions } = job.spec;
  if (isSuspended(job)) return 0;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** At least so many; and of an Indexed Job those that stand twice for an index, or for none. */
function surplusOf({ job, active }: Survey, atLeast: number, now: number): readonly Pod[] {
  if (!isIndexed(job)) return atLeast === 0 ? [] : podsToDelete(active, [], atLeast, now);
  const byIndex = Map.groupBy(active, (pod) => indexOf(job, pod));
  const misplaced = [...byIndex].flatMap(([index, pods]) => (index === undefined ? pods : pods.length === 1 ? [] : podsToDelete(pods, [], pods.length - 1, now)));
  const more = atLeast - misplaced.length;
  if (more <= 0) return misplaced;
  const rest = new Set(misplaced);
  return [...misplaced, ...podsToDelete(active.filter((pod) => !rest.has(pod)), [], more, now)];
}

interface NextIndexes {
  readonly indexes: readonly number[];
  readonly waitMs?: number | undefined;
}

/** The lowest indexes that need a pod; with backoffLimitPerIndex each waits for itself. */
function nextIndexes({ job, active, terminating }: Survey, { succeeded, failed, replaced }: IndexView, count: number, now: number): NextIndexes {
  const taken = [indexesOf(job, active), ...(replacesOnlyFailed(job) ? [indexesOf(job, terminating)] : []), ...(failed === undefined ? [] : [failed])];
  const missing = taken.reduce((all, each) => all.union(each), succeeded).firstMissing(count, job.spec.completions ?? 0);
  if (failed === undefined) return { indexes: missing };
  const waits = new Map(missing.map((index) => [index, indexWaitMs(job, replaced.get(index), now)]));
  const later = [...waits.values()].filter((ms) => ms > 0);
  return { indexes: missing.filter((index) => waits.get(index) === 0), waitMs: later.length === 0 ? undefined : Math.min(...later) };
}

function indexWaitMs(job: Job, replaced: Pod | undefined, now: number): number {
  if (replaced === undefined) return 0;
  const { counted, ignored } = failuresWith(job, replaced);
  return remainingMs({ failures: counted + ignored, lastAt: finishedAt(replaced) }, now);
}
