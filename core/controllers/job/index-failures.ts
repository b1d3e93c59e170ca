import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { finishedAt } from './back-offs.ts';
import { isFailed, isIgnored, rulingOn } from './failure-policy.ts';
import { IndexSet } from './index-set.ts';
import { countIn, failureCountAnnotation, ignoredFailureCountAnnotation, indexOf } from './names.ts';

/** Failures of one index. */
export interface IndexFailures {
  readonly counted: number;
  /** Those that the failure policy passes over: they count for the back-off only. */
  readonly ignored: number;
}

const before = (pod: Pod): IndexFailures => ({ counted: countIn(pod, failureCountAnnotation) ?? 0, ignored: countIn(pod, ignoredFailureCountAnnotation) ?? 0 });
const totalBefore = (pod: Pod): number => before(pod).counted + before(pod).ignored;

/** Up to and with this failed pod; none without one. */
export function failuresWith(job: Job, pod: Pod | undefined): IndexFailures {
  if (pod === undefined) return { counted: 0, ignored: 0 };
  const { counted, ignored } = before(pod);
  return isIgnored(job, pod) ? { counted, ignored: ignored + 1 } : { counted: counted + 1, ignored };
}

const hasFailedForGood = (job: Job, pod: Pod): boolean =>
  isFailed(job, pod) && (rulingOn(job, pod).action === 'FailIndex' || failuresWith(job, pod).counted > (job.spec.backoffLimitPerIndex ?? 0));

/** Indexes that the status names, and those whose pods have failed too often since (KEP-3850). */
export function failedIndexesOf(job: Job, tracked: readonly Pod[]): IndexSet {
  const known = IndexSet.parse(job.status.failedIndexes ?? '', job.spec.completions ?? 0);
  return known.union(IndexSet.of(tracked.filter((pod) => hasFailedForGood(job, pod)).map((pod) => indexOf(job, pod) ?? 0)));
}

/** Of each index that needs another pod, the one that failed last. @param settled indexes that need none */
export function replacedPods(job: Job, tracked: readonly Pod[], settled: IndexSet): ReadonlyMap<number, Pod> {
  const last = new Map<number, Pod>();
  for (const pod of tracked) {
    const index = indexOf(job, pod);
    if (index === undefined || settled.has(index) || !isFailed(job, pod)) continue;
    const other = last.get(index);
    if (other === undefined || (totalBefore(other) <= totalBefore(pod) && finishedAt(other) <= finishedAt(pod))) last.set(index, pod);
  }
  return last;
}
