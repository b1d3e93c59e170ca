import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { annotationOf } from '#core/controllers/storage/claims.ts';

/** On a pod: its Job has not counted it yet (KEP-2307). */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
/** Annotation and label of a pod of an Indexed Job. */
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index';
/** On a pod: how many pods of its index failed before it; those that a failure policy ignores count apart (KEP-3850). */
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailureCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

/** The value of `managedBy` that names this controller, as does its absence. */
const ownManager = 'kubernetes.io/job-controller';

export const isManagedHere = ({ spec: { managedBy } }: Job): boolean => managedBy === undefined || managedBy === ownManager;
export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed';
export const isSuspended = ({ spec }: Job): boolean => spec.suspend === true;

/** A pod that is on its way out is waited for before another stands in for it. */
export const replacesOnlyFailed = ({ spec }: Job): boolean => spec.podReplacementPolicy === 'Failed' || (spec.podReplacementPolicy === undefined && spec.podFailurePolicy !== undefined);

/** The number in an annotation; undefined when there is none, or something else. */
export function countIn(pod: Pod, annotation: string): number | undefined {
  const text = annotationOf(pod, annotation);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The pod's index; undefined when it has none, or none that the Job has. */
export function indexOf({ spec: { completions = 0 } }: Job, pod: Pod): number | undefined {
  const index = countIn(pod, completionIndexKey);
  return index !== undefined && index < completions ? index : undefined;
}
