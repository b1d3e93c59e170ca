import type { JobSpec, JobTemplateSpec } from '#core/api/schema/batch-v1/job.ts';
import type { FieldPath } from './field-path.ts';
import { domainPrefixedPathProblem } from './host-names.ts';
import { validateFailurePolicy, validateReplacement, validateSuccessPolicy } from './job-policies.ts';
import { defaultPodTemplate } from './pod-defaults.ts';
import { validatePodTemplate } from './pod-template.ts';
import { validateCounts } from './workload-status.ts';

const maxIndexed = 100_000;
/** Beyond `maxIndexed` completions the status must stay short, so fewer may run and fail at a time. */
const maxWhenMany = 10_000;
const maxManagedBy = 63;

function validateMany({ completions = 0, parallelism, maxFailedIndexes, backoffLimitPerIndex }: JobSpec, field: FieldPath): void {
  if (completions <= maxIndexed || backoffLimitPerIndex === undefined) return;
  const why = `must be less than or equal to ${maxWhenMany} when completions are above ${maxIndexed} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) field.at('maxFailedIndexes').required(`must be specified when completions is above ${maxIndexed}`);
  if (parallelism !== undefined && parallelism > maxWhenMany) field.at('parallelism').invalid(parallelism, why);
  if (maxFailedIndexes !== undefined && maxFailedIndexes > maxWhenMany) field.at('maxFailedIndexes').invalid(maxFailedIndexes, why);
}

function validateIndexed(spec: JobSpec, field: FieldPath): void {
  const { completions, parallelism = 0, maxFailedIndexes = 0 } = spec;
  if (completions === undefined) field.at('completions').required('when completion mode is Indexed');
  if (parallelism > maxIndexed) {
    field.at('parallelism').invalid(parallelism, `must be less than or equal to ${maxIndexed} when completion mode is Indexed`);
  }
  if (completions !== undefined && maxFailedIndexes > completions) {
    field.at('maxFailedIndexes').invalid(maxFailedIndexes, 'must be less than or equal to completions');
  }
  if (maxFailedIndexes > maxIndexed) field.at('maxFailedIndexes').invalid(maxFailedIndexes, `must be less than or equal to ${maxIndexed}`);
  validateMany(spec, field);
}

function validateNotIndexed(spec: JobSpec, field: FieldPath): void {
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    if (spec[name] !== undefined) field.at(name).invalid(spec[name], 'requires indexed completion mode');
  }
}

function validateManager(managedBy: string | undefined, field: FieldPath): void {
  if (managedBy === undefined) return;
  if (managedBy === '') return field.required();
  field.check(managedBy, domainPrefixedPathProblem(managedBy));
  if (managedBy.length > maxManagedBy) field.tooLong(maxManagedBy);
}

function validateRestarts({ template, podFailurePolicy }: JobSpec, field: FieldPath): void {
  const { restartPolicy } = template.spec;
  if (restartPolicy === undefined || restartPolicy === 'Always') field.required('valid values: "OnFailure", "Never"');
  else if (podFailurePolicy !== undefined && restartPolicy !== 'Never') {
    field.invalid(restartPolicy, 'only "Never" is supported when podFailurePolicy is specified');
  }
}

const counts = [
  'parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes',
] as const;

/** What holds for the spec of a Job and of a Job to be made, which has no selector yet. */
export function validateJobSpec(spec: JobSpec, field: FieldPath): void {
  validateCounts(spec, counts, field);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    field.at('backoffLimitPerIndex').required('when maxFailedIndexes is specified');
  }
  validateManager(spec.managedBy, field.at('managedBy'));
  if (spec.completionMode === 'Indexed') validateIndexed(spec, field);
  else validateNotIndexed(spec, field);
  validateFailurePolicy(spec, field);
  validateSuccessPolicy(spec, field.at('successPolicy'));
  validateReplacement(spec, field.at('podReplacementPolicy'));
  validatePodTemplate(spec.template, field.at('template'));
  validateRestarts(spec, field.at('template', 'spec', 'restartPolicy'));
}

export function validateJobTemplate({ spec }: JobTemplateSpec, field: FieldPath): void {
  validateJobSpec(spec, field.at('spec'));
  if (spec.selector !== undefined) field.at('spec', 'selector').invalid(spec.selector, '`selector` will be auto-generated');
  if (spec.manualSelector === true) field.at('spec', 'manualSelector').notSupported(true, ['nil', 'false'], false);
}

const unlimited = 2 ** 31 - 1;

/** Not for a Job to be made: it gets these when it is made. */
export function defaultJobSpec(spec: JobSpec): void {
  defaultPodTemplate(spec.template);
  if (spec.parallelism === undefined) spec.completions ??= 1;
  spec.parallelism ??= 1;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : unlimited;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
}
