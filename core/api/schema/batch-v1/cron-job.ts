import { ObjectReference } from '#core/api/schema/core-v1/references.ts';
import type { KindOf } from '#core/api/schema/kind.ts';
import { always, bool, int32, int64, list, oneOf, pointer, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { batch } from './batch.ts';
import { JobTemplateSpec } from './job.ts';

export const CronJobSpec = batch.type('CronJobSpec', 'When to make which Job.', {
  schedule: [1, required(string), 'Minute, hour, day of the month, month and day of the week, as in cron; or @hourly and the like.'],
  timeZone: [8, pointer(string), 'Time zone of the schedule, such as Europe/Oslo; the server\'s own when absent.'],
  startingDeadlineSeconds: [2, pointer(int64), 'Seconds after its time for which a missed Job is still made.'],
  concurrencyPolicy: [3, withDefault(oneOf('Allow', 'Forbid', 'Replace'), 'Allow'), 'What to do when the time comes while an earlier Job runs.'],
  suspend: [4, withDefault(pointer(bool), false), 'Make no Jobs for now.'],
  jobTemplate: [5, required(JobTemplateSpec), 'The Job to make.'],
  successfulJobsHistoryLimit: [6, withDefault(pointer(int32), 3), 'How many Jobs that succeeded to keep.'],
  failedJobsHistoryLimit: [7, withDefault(pointer(int32), 1), 'How many Jobs that failed to keep.'],
});
export type CronJobSpec = Of<typeof CronJobSpec>;

export const CronJobStatus = batch.type('CronJobStatus', 'What a CronJob has done.', {
  active: [1, list(ObjectReference), 'Jobs that run now.'],
  lastScheduleTime: [4, time, 'When a Job was last made.'],
  lastSuccessfulTime: [5, time, 'When a Job last succeeded.'],
});
export type CronJobStatus = Of<typeof CronJobStatus>;

export const CronJob = batch.kind('CronJob', 'Makes a Job again and again, by the clock.', {
  spec: [2, always(CronJobSpec), 'When to make which Job.'],
  status: [3, always(CronJobStatus), 'What it has done.'],
});
export type CronJob = KindOf<typeof CronJob>;
