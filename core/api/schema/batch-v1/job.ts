import { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { KindOf } from '#core/api/schema/kind.ts';
import { LabelSelector, TemplateMeta } from '#core/api/schema/meta.ts';
import { always, bool, int32, int64, mergedAtomic, oneOf, pointer, required, set, string, time, type Of } from '#core/api/schema/type.ts';
import { batch } from './batch.ts';
import { PodFailurePolicy, SuccessPolicy } from './job-policies.ts';

export const JobSpec = batch.type('JobSpec', 'Pods that run to their end.', {
  parallelism: [1, pointer(int32), 'The most pods at a time.'],
  completions: [2, pointer(int32), 'How many pods must succeed; when absent, one success stands for all.'],
  activeDeadlineSeconds: [3, pointer(int64), 'Seconds after its start for which the Job may run.'],
  podFailurePolicy: [11, PodFailurePolicy, 'What failed pods mean, by the way they failed. Cannot change.'],
  successPolicy: [16, SuccessPolicy, 'When the Job has succeeded early; only when Indexed. Cannot change.'],
  backoffLimit: [7, pointer(int32), 'Failures after which the Job has failed; 6, or no limit when backoffLimitPerIndex is set.'],
  backoffLimitPerIndex: [12, pointer(int32), 'Failures after which an index has failed; only when Indexed. Cannot change.'],
  maxFailedIndexes: [13, pointer(int32), 'Failed indexes beyond which the Job has failed; only with backoffLimitPerIndex.'],
  selector: [4, LabelSelector, 'Which pods are its own; made by the server. Cannot change.'],
  manualSelector: [5, pointer(bool), 'The author has seen to selector and labels, and that no other Job selects these pods.'],
  template: [6, required(PodTemplateSpec), 'The pods to make. Cannot change once the Job has started.'],
  ttlSecondsAfterFinished: [8, pointer(int32), 'Seconds after its end at which the Job is deleted; never when absent.'],
  completionMode: [9, oneOf('Indexed', 'NonIndexed'), 'Whether each completion has an index of its own. Cannot change.'],
  suspend: [10, pointer(bool), 'Run no pods for now; those that run are deleted.'],
  podReplacementPolicy: [14, oneOf('Failed', 'TerminatingOrFailed'), 'Make the next pod when one has failed for good, or as soon as it is being deleted.'],
  managedBy: [15, pointer(string), 'Controller in charge; the built-in one when absent. Cannot change.'],
});
export type JobSpec = Of<typeof JobSpec>;

export const UncountedTerminatedPods = batch.type('UncountedTerminatedPods', 'Pods that have ended and stand in no counter yet.', {
  succeeded: [1, set(string), 'UIDs of those that succeeded.'],
  failed: [2, set(string), 'UIDs of those that failed.'],
});
export type UncountedTerminatedPods = Of<typeof UncountedTerminatedPods>;

export const JobCondition = batch.type('JobCondition', 'One aspect of a Job\'s state.', {
  type: [1, required(string), 'Name of the aspect: Complete, Failed, Suspended, FailureTarget or SuccessCriteriaMet.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastProbeTime: [3, time, 'When it was last looked at.'],
  lastTransitionTime: [4, time, 'When status last changed.'],
  reason: [5, string, 'One word in CamelCase for programs.'],
  message: [6, string, 'A sentence for people.'],
});
export type JobCondition = Of<typeof JobCondition>;

export const JobStatus = batch.type('JobStatus', 'What became of a Job.', {
  conditions: [1, mergedAtomic(JobCondition, 'type'), 'Whether it is over, and how.'],
  startTime: [2, time, 'When it was taken up; set anew after a suspension.'],
  completionTime: [3, time, 'When it succeeded.'],
  active: [4, int32, 'Pods that wait or run and are not being deleted.'],
  succeeded: [5, int32, 'Pods that succeeded.'],
  failed: [6, int32, 'Pods that failed.'],
  terminating: [11, pointer(int32), 'Pods that wait or run and are being deleted.'],
  completedIndexes: [7, string, 'Indexes that succeeded, such as 1,3-5.'],
  failedIndexes: [10, pointer(string), 'Indexes that failed, such as 1,3-5; with backoffLimitPerIndex.'],
  uncountedTerminatedPods: [8, UncountedTerminatedPods, 'Pods that have ended and are not counted yet.'],
  ready: [9, pointer(int32), 'Active pods that are ready.'],
});
export type JobStatus = Of<typeof JobStatus>;

export const Job = batch.kind('Job', 'Runs pods until enough of them have succeeded.', {
  spec: [2, always(JobSpec), 'The pods to run.'],
  status: [3, always(JobStatus), 'What became of them.'],
});
export type Job = KindOf<typeof Job>;

export const JobTemplateSpec = batch.type('JobTemplateSpec', 'A Job to be made.', {
  metadata: [1, always(TemplateMeta), 'Labels and annotations of the Job.'],
  spec: [2, always(JobSpec), 'The pods to run.'],
});
export type JobTemplateSpec = Of<typeof JobTemplateSpec>;
