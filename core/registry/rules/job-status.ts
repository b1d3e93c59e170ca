import { firstCommonIndex, parseIndexes, type IndexRange } from '#core/api/job-indexes.ts';
import type { Job } from '#core/api/schema/batch-v1/job.ts';
import { deepEqual } from '#core/api/value.ts';
import type { FieldPath } from './field-path.ts';
import { validateCounts } from './workload-status.ts';

type Status = Job['status'];

const holds = ({ conditions = [] }: Status, type: string): boolean => conditions.some((condition) => condition.type === type && condition.status === 'True');
const isFinished = (status: Status): boolean => holds(status, 'Complete') || holds(status, 'Failed');
const isEmpty = ({ uncountedTerminatedPods: pods }: Status): boolean => (pods?.succeeded ?? []).length + (pods?.failed ?? []).length === 0;

function validateUncounted({ uncountedTerminatedPods: pods = {} }: Status, field: FieldPath): void {
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'] as const) {
    for (const [i, uid] of (pods[list] ?? []).entries()) {
      const at = field.at(list, i);
      if (uid === '') at.invalid(uid, 'must not be empty');
      else if (seen.has(uid)) at.duplicate(uid);
      seen.add(uid);
    }
  }
}

/** Conditions of which the first excludes the second. */
const excluding = [['Complete', 'Failed'], ['Complete', 'FailureTarget'], ['SuccessCriteriaMet', 'Failed'], ['SuccessCriteriaMet', 'FailureTarget']] as const;
/** Conditions of which the first needs the second, which tells controllers beforehand. */
const needing = [['Failed', 'FailureTarget'], ['Complete', 'SuccessCriteriaMet']] as const;

function validateConditions(now: Status, old: Status, field: FieldPath): void {
  const changed = (types: readonly string[]): boolean => types.some((type) => holds(now, type) !== holds(old, type));
  const forbid = (detail: string): void => field.invalid(now.conditions ?? [], detail);
  for (const pair of excluding) {
    if (pair.every((type) => holds(now, type)) && changed(pair)) forbid(`cannot set ${pair[0]}=True and ${pair[1]}=true conditions`);
  }
  for (const pair of needing) {
    const [type, needed] = pair;
    if (holds(now, type) && !holds(now, needed) && changed(pair)) forbid(`cannot set ${type}=True condition without the ${needed}=true condition`);
  }
  for (const type of ['Failed', 'Complete', 'FailureTarget', 'SuccessCriteriaMet']) {
    const terminal = type === 'SuccessCriteriaMet' ? '' : 'terminal ';
    if (holds(old, type) && !holds(now, type)) forbid(`cannot disable the ${terminal}${type}=True condition`);
  }
}

/** The time of success stands in a Job exactly when it is Complete. */
function validateCompletionTime(now: Status, old: Status, field: FieldPath): void {
  const { completionTime: time } = now;
  if (time !== undefined && old.completionTime !== undefined && time !== old.completionTime) return field.invalid(time, 'completionTime cannot be mutated');
  const complete = holds(now, 'Complete');
  if (time === old.completionTime && complete === holds(old, 'Complete')) return;
  if (time === undefined) {
    if (complete) field.required('completionTime is required for Complete jobs');
  } else if (!complete) {
    field.invalid(time, 'cannot set completionTime when there is no Complete=True condition');
  }
}

function validateTimes({ status: now, spec }: Job, { status: old }: Job, field: FieldPath): void {
  validateCompletionTime(now, old, field.at('completionTime'));
  const { startTime: start = '', completionTime: end } = now;
  const moved = start !== (old.startTime ?? '');
  if (end !== undefined && end < start && (moved || end !== old.completionTime)) {
    field.at('completionTime').invalid(end, 'completionTime cannot be set before startTime');
  }
  if (old.startTime !== undefined && moved && spec.suspend !== true) field.at('startTime').required('startTime cannot be removed for unsuspended job');
}

/** What cannot be once a Job has ended. Looked at when it changes, so that an odd status can still be mended bit by bit. */
function validateEnd(now: Status, old: Status, field: FieldPath): void {
  if (!isFinished(now)) return;
  const moved = (name: keyof Status): boolean => !isFinished(old) || !deepEqual(now[name], old[name]);
  for (const name of ['active', 'terminating'] as const) {
    if ((now[name] ?? 0) > 0 && moved(name)) field.at(name).invalid(now[name], `${name}>0 is invalid for finished job`);
  }
  if (now.startTime === undefined && moved('startTime')) field.at('startTime').required('startTime is required for finished job');
  if (!isEmpty(now) && moved('uncountedTerminatedPods')) {
    field.at('uncountedTerminatedPods').invalid(now.uncountedTerminatedPods, 'uncountedTerminatedPods needs to be empty for finished job');
  }
}

function rangesIn(text: string, completions: number, name: string, field: FieldPath): readonly IndexRange[] {
  try {
    return parseIndexes(text, completions);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    field.invalid(text, `error parsing ${name}: ${error.message}`);
    return [];
  }
}

function validateRanges({ completedIndexes = '', failedIndexes = '' }: Status, completions: number, field: FieldPath): void {
  const completed = rangesIn(completedIndexes, completions, 'completedIndexes', field.at('completedIndexes'));
  const failed = rangesIn(failedIndexes, completions, 'failedIndexes', field.at('failedIndexes'));
  const common = firstCommonIndex(completed, failed);
  if (common !== undefined) field.at('failedIndexes').invalid(failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`);
}

function validateIndexes({ spec, status: now }: Job, { status: old }: Job, field: FieldPath): void {
  const { completedIndexes, failedIndexes } = now;
  if (completedIndexes === old.completedIndexes && failedIndexes === old.failedIndexes) return;
  if (completedIndexes !== undefined && spec.completionMode !== 'Indexed') {
    field.at('completedIndexes').invalid(completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode');
  }
  if (failedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    field.at('failedIndexes').invalid(failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  }
  if (spec.completions !== undefined) validateRanges(now, spec.completions, field);
}

function validateCounters({ spec, status: now }: Job, { status: old }: Job, field: FieldPath): void {
  validateCounts(now, ['active', 'succeeded', 'failed', 'ready', 'terminating'], field);
  // Of an indexed Job that grows and shrinks, indexes that have succeeded may fall away.
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const name of elastic ? ['failed'] as const : ['failed', 'succeeded'] as const) {
    const count = now[name] ?? 0;
    if (count < (old[name] ?? 0)) field.at(name).invalid(count, `cannot decrease the ${name} counter`);
  }
  const { active = 0, ready } = now;
  const moved = ready !== old.ready || active !== old.active;
  if (ready !== undefined && ready > active && moved) field.at('ready').invalid(ready, 'cannot set more ready pods than active');
}

/** The step from one status to the next, which others than the built-in controller may write too (KEP-4368). */
export function validateJobStatus(job: Job, old: Job, field: FieldPath): void {
  validateCounters(job, old, field);
  validateUncounted(job.status, field.at('uncountedTerminatedPods'));
  validateConditions(job.status, old.status, field.at('conditions'));
  validateTimes(job, old, field);
  validateEnd(job.status, old.status, field);
  validateIndexes(job, old, field);
}
