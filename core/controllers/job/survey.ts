import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isActive, isTerminating } from '#core/controllers/replica-set/active-pod.ts';
import { isFailed, isIgnored } from './failure-policy.ts';
import { failedIndexesOf, replacedPods } from './index-failures.ts';
import { IndexSet } from './index-set.ts';
import { indexOf, isIndexed } from './names.ts';

/** What is known of an Indexed Job's indexes. */
export interface IndexView {
  /** As the status says. */
  readonly counted: IndexSet;
  /** With those of pods that are not counted yet. */
  readonly succeeded: IndexSet;
  /** With backoffLimitPerIndex. */
  readonly failed: IndexSet | undefined;
  /** The pod that failed last of each index that waits for another: it stays until then, since it knows how many failed before. */
  readonly replaced: ReadonlyMap<number, Pod>;
}

/** A Job with its pods at one moment. */
export interface Survey {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly terminating: readonly Pod[];
  /** UIDs of pods that wait to be counted. */
  readonly tracked: ReadonlySet<string>;
  /** No pod is missing among these that an API server would show. */
  readonly isComplete: boolean;
  /** Pods that have ended and stand nowhere in the status. */
  readonly newSucceeded: readonly Pod[];
  readonly newFailed: readonly Pod[];
  /** All that ended, counted or not. */
  readonly succeeded: number;
  readonly failed: number;
  readonly indexes: IndexView | undefined;
}

/** @param isTracked the pod bears the finalizer */
export function survey(job: Job, pods: readonly Pod[], isTracked: (pod: Pod) => boolean, isComplete: boolean): Survey {
  const { status, status: { uncountedTerminatedPods: uncounted = {} } } = job;
  const waiting = pods.filter(isTracked);
  const mayCount = isIndexed(job) ? waiting.filter((pod) => indexOf(job, pod) !== undefined) : waiting;
  const newOf = (known: readonly string[] | undefined, ended: (pod: Pod) => boolean): Pod[] => {
    const uids = new Set(known);
    return mayCount.filter((pod) => !uids.has(pod.metadata.uid) && ended(pod));
  };
  const newSucceeded = newOf(uncounted.succeeded, (pod) => pod.status.phase === 'Succeeded');
  const newFailed = newOf(uncounted.failed, (pod) => isFailed(job, pod));
  const active = pods.filter(isActive);
  const indexes = isIndexed(job) ? indexView(job, active, mayCount) : undefined;
  return {
    job, pods, active, terminating: pods.filter(isTerminating), tracked: new Set(waiting.map(({ metadata }) => metadata.uid)), isComplete, newSucceeded, newFailed, indexes,
    succeeded: indexes?.succeeded.size ?? (status.succeeded ?? 0) + newSucceeded.length + (uncounted.succeeded ?? []).length,
    failed: (status.failed ?? 0) + newFailed.filter((pod) => !isIgnored(job, pod)).length + (uncounted.failed ?? []).length,
  };
}

function indexView(job: Job, active: readonly Pod[], tracked: readonly Pod[]): IndexView {
  const { spec: { completions = 0, backoffLimitPerIndex }, status: { completedIndexes = '' } } = job;
  const counted = IndexSet.parse(completedIndexes, completions);
  const succeeded = counted.union(indexesOf(job, tracked.filter(({ status }) => status.phase === 'Succeeded')));
  if (backoffLimitPerIndex === undefined) return { counted, succeeded, failed: undefined, replaced: new Map() };
  const failed = failedIndexesOf(job, tracked);
  return { counted, succeeded, failed, replaced: replacedPods(job, tracked, succeeded.union(failed).union(indexesOf(job, active))) };
}

/** The indexes that these pods have. */
export const indexesOf = (job: Job, pods: readonly Pod[]): IndexSet => IndexSet.of(pods.map((pod) => indexOf(job, pod)).filter((index) => index !== undefined));
