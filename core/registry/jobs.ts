import { dnsLabelProblem } from '#core/api/names.ts';
import { Job, JobSpec } from '#core/api/schema/batch-v1/job.ts';
import type { Affinity } from '#core/api/schema/core-v1/affinity.ts';
import { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { age, humanDuration } from './age.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { same } from './rules/differences.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateImmutable } from './rules/immutable.ts';
import { generateSelector, validateGenerated, validateJobSelector } from './rules/job-selector.ts';
import { defaultJobSpec, validateJobSpec } from './rules/job-spec.ts';
import { validateJobStatus } from './rules/job-status.ts';
import { podNameWarnings, podSpecWarnings } from './rules/pod-warnings.ts';
import { containerColumns, selectorColumn } from './rules/workload-columns.ts';

function validateSpec(job: Job, field: FieldPath): void {
  validateJobSpec(job.spec, field);
  validateJobSelector(job, field);
}

/** Pods of an indexed Job bear their index in the host name. */
function validateHostNames({ metadata: { name }, spec }: Job, field: FieldPath): void {
  const { completionMode, completions = 0 } = spec;
  if (completionMode !== 'Indexed' || completions <= 0) return;
  const last = `${name}-${completions - 1}`;
  if (dnsLabelProblem(last) !== undefined) field.invalid(name, `will not able to create pod with invalid DNS label: ${last}`);
}

/** The new template with everything put back that may change while the Job has not started. */
function withoutChanges({ metadata, spec }: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const affinity: Affinity = { ...spec.affinity };
  const { nodeAffinity } = old.spec.affinity ?? {};
  if (nodeAffinity === undefined) delete affinity.nodeAffinity;
  else affinity.nodeAffinity = nodeAffinity;
  const { labels = {}, annotations = {} } = old.metadata;
  const { nodeSelector = {}, tolerations = [], schedulingGates = [] } = old.spec;
  const rest: PodTemplateSpec = { metadata: { ...metadata, labels, annotations }, spec: { ...spec, affinity, nodeSelector, tolerations, schedulingGates } };
  if (old.spec.affinity === undefined && Object.keys(affinity).length === 0) delete rest.spec.affinity;
  return rest;
}

function validateTemplateUpdate({ spec: { template } }: Job, { spec, status }: Job, field: FieldPath): void {
  const waits = spec.suspend === true && status.startTime === undefined;
  if (!same(PodTemplateSpec, spec.template, waits ? withoutChanges(template, spec.template) : template)) field.invalid(template, 'field is immutable');
}

function validateCompletionsUpdate(now: JobSpec, old: JobSpec, field: FieldPath): void {
  if (now.completionMode !== 'Indexed') return validateImmutable(JobSpec, ['completions'], now, old, field);
  const { completions } = now;
  if (completions === undefined || completions === old.completions) return;
  if (completions !== now.parallelism) field.at('completions').invalid(completions, 'can only be modified in tandem with spec.parallelism');
}

function statusText({ metadata, status: { conditions = [] } }: Job): string {
  const holds = (type: string): boolean => conditions.some((condition) => condition.type === type && condition.status === 'True');
  const ended = ['Complete', 'Failed'].find(holds);
  if (ended !== undefined) return ended;
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget'].find(holds) ?? 'Running';
}

function completionsText({ spec: { completions, parallelism = 0 }, status: { succeeded = 0 } }: Job): string {
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status: { startTime, completionTime } }: Job, now: number): string {
  if (startTime === undefined) return '';
  return completionTime === undefined ? age(startTime, now) : humanDuration(Date.parse(completionTime) - Date.parse(startTime));
}

/** A Job without labels of its own has those of its pods, also after a report that leaves them out. */
function defaultLabels({ metadata, spec }: Job): void {
  const { labels } = spec.template.metadata;
  if (labels !== undefined) metadata.labels ??= { ...labels };
}

export const jobs = resource<Job>({
  kind: Job,
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  defaults(job) {
    defaultJobSpec(job.spec);
    defaultLabels(job);
  },
  prepareForStatus: defaultLabels,
  prepareForCreate: generateSelector,
  validateCreate(job, errors) {
    const root = FieldPath.root(errors);
    validateGenerated(job, root.at('spec'));
    validateSpec(job, root.at('spec'));
    validateHostNames(job, root.at('metadata', 'name'));
  },
  validateUpdate(job, old, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateSpec(job, field);
    validateCompletionsUpdate(job.spec, old.spec, field);
    validateImmutable(JobSpec, ['selector'], job.spec, old.spec, field);
    validateTemplateUpdate(job, old, field.at('template'));
    validateImmutable(JobSpec, ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'], job.spec, old.spec, field);
  },
  validateStatus: (job, old, errors) => validateJobStatus(job, old, FieldPath.root(errors).at('status')),
  warnings: ({ metadata, spec }, old) => [...(old ? [] : podNameWarnings(metadata)), ...podSpecWarnings(spec.template.spec, 'spec.template.spec')],

  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'How the Job stands, in one word.', cell: statusText },
    { name: 'Completions', type: 'string', description: 'Pods that succeeded, of those wanted.', cell: completionsText },
    { name: 'Duration', type: 'string', description: 'Time from the start to the end, or until now.', cell: durationText },
    ageColumn,
    ...containerColumns<Job>(({ spec }) => spec.template),
    selectorColumn(({ spec }) => spec.selector),
  ],
  selectableFields: { 'status.successful': ({ status }) => String(status.succeeded ?? 0) },
});
