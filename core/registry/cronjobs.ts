import { parseSchedule } from '#core/api/cron.ts';
import { CronJob, type CronJobSpec } from '#core/api/schema/batch-v1/cron-job.ts';
import type { ObjectMeta } from '#core/api/schema/meta.ts';
import { timeZoneProblem } from '#core/api/time-zone.ts';
import { age } from './age.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateJobTemplate } from './rules/job-spec.ts';
import { defaultPodTemplate } from './rules/pod-defaults.ts';
import { podNameWarnings, podSpecWarnings } from './rules/pod-warnings.ts';
import { containerColumns, selectorColumn } from './rules/workload-columns.ts';
import { validateCounts } from './rules/workload-status.ts';

function validateSchedule(schedule: string, field: FieldPath): void {
  if (schedule === '') return field.required();
  try {
    parseSchedule(schedule);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    field.invalid(schedule, error.message);
  }
}

function validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined, field: FieldPath): void {
  const { schedule, timeZone, jobTemplate } = spec;
  validateSchedule(schedule, field.at('schedule'));
  validateCounts(spec, ['startingDeadlineSeconds'], field);
  // A zone that was known when it was written down may have been dropped since.
  if (timeZone !== undefined && timeZone !== old?.timeZone) field.at('timeZone').check(timeZone, timeZoneProblem(timeZone));
  validateJobTemplate(jobTemplate, field.at('jobTemplate'));
  validateCounts(spec, ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'], field);
}

/** Jobs are named after their CronJob, with eleven characters more. */
const maxName = 63 - 11;

function validateName({ name = '' }: Partial<ObjectMeta>, field: FieldPath): void {
  if (name.length > maxName) field.invalid(name, `must be no more than ${maxName} characters`);
}

export const cronJobs = resource<CronJob>({
  kind: CronJob,
  shortNames: ['cj'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  defaults: ({ spec }) => defaultPodTemplate(spec.jobTemplate.spec.template),
  validateCreate({ metadata, spec }, errors) {
    validateSpec(spec, undefined, FieldPath.root(errors).at('spec'));
    validateName(metadata, FieldPath.root(errors).at('metadata', 'name'));
  },
  validateUpdate: ({ spec }, old, errors) => validateSpec(spec, old.spec, FieldPath.root(errors).at('spec')),
  warnings: ({ metadata, spec }, old) =>
    [...(old ? [] : podNameWarnings(metadata)), ...podSpecWarnings(spec.jobTemplate.spec.template.spec, 'spec.jobTemplate.spec.template.spec')],

  columns: [
    nameColumn,
    { name: 'Schedule', type: 'string', description: 'When Jobs are made.', cell: ({ spec }) => spec.schedule },
    { name: 'Timezone', type: 'string', description: 'Time zone of the schedule.', cell: ({ spec }) => spec.timeZone ?? '<none>' },
    { name: 'Suspend', type: 'boolean', description: 'Whether it makes no Jobs for now.', cell: ({ spec }) => (spec.suspend === true ? 'True' : 'False') },
    { name: 'Active', type: 'integer', description: 'Jobs that run now.', cell: ({ status }) => status.active?.length ?? 0 },
    {
      name: 'Last Schedule', type: 'string', description: 'Time since a Job was last made.',
      cell: ({ status }, now) => (status.lastScheduleTime === undefined ? '<none>' : age(status.lastScheduleTime, now)),
    },
    ageColumn,
    ...containerColumns<CronJob>(({ spec }) => spec.jobTemplate.spec.template),
    selectorColumn(({ spec }) => spec.jobTemplate.spec.selector),
  ],
});
