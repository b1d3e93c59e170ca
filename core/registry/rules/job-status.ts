import { omitted } from '#core/api/field-errors.ts';
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

type Pair = readonly [type: string, other: string];

/** What is said of a pair of conditions is said when one of them changes, so that an odd status can still be mended bit by bit. */
function validatePair(pair: Pair, isWrong: (type: boolean, other: boolean) => boolean, detail: string, { now, old, field }: Step): void {
  const moved = pair.some((type) => holds(now, type) !== holds(old, type));
  if (moved && isWrong(holds(now, pair[0]), holds(now, pair[1]))) field.at('conditions').invalid(omitted, detail);
}

/** From one status to the next. @param field the status */
interface Step {
  readonly now: Status;
  readonly old: Status;
  readonly field: FieldPath;
}

function validateExclusions(step: Step): void {
  for (const other of ['Failed', 'FailureTarget']) {
    validatePair(['Complete', other], (complete, failed) => complete && failed, `cannot set Complete=True and ${other}=true conditions`, step);
  }
}

/** Each of these is announced by another, for controllers to act on beforehand. */
function validateAnnouncements(step: Step): void {
  for (const [type, needed] of [['Failed', 'FailureTarget'], ['Complete', 'SuccessCriteriaMet']] as const) {
    validatePair([type, needed], (set, announced) => set && !announced, `cannot set ${type}=True condition without the ${needed}=true condition`, step);
  }
}

/** The time of success stands in a Job exactly when it is Complete, and not before the start. */
function validateCompletionTime({ now, old, field }: Step): void {
  const { completionTime: time, startTime: start } = now;
  const at = field.at('completionTime');
  const moved = time !== old.completionTime;
  if (moved || holds(now, 'Complete') !== holds(old, 'Complete')) {
    if (time !== undefined && !holds(now, 'Complete')) at.invalid(time, 'cannot set completionTime when there is no Complete=True condition');
    if (time === undefined && holds(now, 'Complete')) at.required('completionTime is required for Complete jobs');
  }
  if (start !== undefined && time !== undefined && time < start && (moved || start !== old.startTime)) at.invalid(time, 'completionTime cannot be set before startTime');
}

/** Whether something about a Job that has ended is to be looked at. */
const endedWith = ({ now, old }: Step, name: keyof Status): boolean => isFinished(now) && (!isFinished(old) || !deepEqual(now[name], old[name]));

function validateNotActive(step: Step, name: 'active' | 'terminating'): void {
  const count = step.now[name] ?? 0;
  if (count > 0 && endedWith(step, name)) step.field.at(name).invalid(count, `${name}>0 is invalid for finished job`);
}

function validateEnd(step: Step): void {
  const { now, field } = step;
  validateNotActive(step, 'active');
  if (now.startTime === undefined && endedWith(step, 'startTime')) field.at('startTime').required('startTime is required for finished job');
  if (!isEmpty(now) && endedWith(step, 'uncountedTerminatedPods')) {
    field.at('uncountedTerminatedPods').invalid(now.uncountedTerminatedPods, 'uncountedTerminatedPods needs to be empty for finished job');
  }
}

/** `finds` is told what is wrong with the text, which then names no indexes. */
function rangesIn(text: string, completions: number, finds: (problem: string) => void = () => undefined): readonly IndexRange[] {
  try {
    return parseIndexes(text, completions);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    finds(error.message);
    return [];
  }
}

function validateCompletedIndexes({ completions, completionMode }: Job['spec'], { now: { completedIndexes = '' }, old, field }: Step): void {
  if (completedIndexes === (old.completedIndexes ?? '')) return;
  const at = field.at('completedIndexes');
  if (completions !== undefined) rangesIn(completedIndexes, completions, (problem) => at.invalid(completedIndexes, `error parsing completedIndexes: ${problem}`));
  if (completedIndexes !== '' && completionMode !== 'Indexed') at.invalid(completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode');
}

function validateFailedIndexes({ completions, backoffLimitPerIndex }: Job['spec'], { now: { failedIndexes }, old, field }: Step): void {
  if (failedIndexes === undefined || failedIndexes === old.failedIndexes) return;
  const at = field.at('failedIndexes');
  if (backoffLimitPerIndex === undefined) return at.invalid(failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  if (completions !== undefined) rangesIn(failedIndexes, completions, (problem) => at.invalid(failedIndexes, `error parsing failedIndexes: ${problem}`));
}

function validateIndexes(spec: Job['spec'], step: Step): void {
  validateCompletedIndexes(spec, step);
  validateFailedIndexes(spec, step);
  const { now: { completedIndexes = '', failedIndexes }, old, field } = step;
  const moved = completedIndexes !== (old.completedIndexes ?? '') || failedIndexes !== old.failedIndexes;
  if (!moved || failedIndexes === undefined || spec.completions === undefined) return;
  const common = firstCommonIndex(rangesIn(completedIndexes, spec.completions), rangesIn(failedIndexes, spec.completions));
  if (common !== undefined) field.at('failedIndexes').invalid(failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`);
}

function validateReady({ now, old, field }: Step): void {
  const { active = 0, ready } = now;
  const moved = ready !== old.ready || active !== old.active;
  if (ready !== undefined && ready > active && moved) field.at('ready').invalid(ready, 'cannot set more ready pods than active');
}

function validateSuccess({ successPolicy }: Job['spec'], { now, field }: Step): void {
  const met = holds(now, 'SuccessCriteriaMet');
  for (const other of ['Failed', 'FailureTarget']) {
    if (met && holds(now, other)) field.at('conditions').invalid(omitted, `cannot set SuccessCriteriaMet=True and ${other}=true conditions`);
  }
  if (successPolicy !== undefined && !met && holds(now, 'Complete')) {
    field.at('conditions').invalid(omitted, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  }
}

function validateCounters({ completionMode, completions, parallelism }: Job['spec'], { now, old, field }: Step): void {
  // Of an indexed Job that grows and shrinks, indexes that have succeeded may fall away.
  const elastic = completionMode === 'Indexed' && completions === parallelism;
  for (const name of elastic ? ['failed'] as const : ['failed', 'succeeded'] as const) {
    const count = now[name] ?? 0;
    if (count < (old[name] ?? 0)) field.at(name).invalid(count, `cannot decrease the ${name} counter`);
  }
}

function validateTimes({ suspend }: Job['spec'], { now, old, field }: Step): void {
  const { completionTime: end, startTime: start } = now;
  if (end !== undefined && old.completionTime !== undefined && end !== old.completionTime) field.at('completionTime').invalid(end, 'completionTime cannot be mutated');
  const resumes = start !== undefined && holds(old, 'Suspended') && !holds(now, 'Suspended');
  if (old.startTime !== undefined && start !== old.startTime && suspend !== true && !resumes) field.at('startTime').required('startTime cannot be removed for unsuspended job');
}

/** What was said for good. */
function validateFinality(step: Step, rest: () => void): void {
  const { now, old, field } = step;
  const disabled = (type: string): boolean => holds(old, type) && !holds(now, type);
  const at = field.at('conditions');
  for (const type of ['Failed', 'Complete', 'FailureTarget']) if (disabled(type)) at.invalid(omitted, `cannot disable the terminal ${type}=True condition`);
  rest();
  if (disabled('SuccessCriteriaMet')) at.invalid(omitted, 'cannot disable the SuccessCriteriaMet=True condition');
  if (holds(old, 'Complete') && !holds(old, 'SuccessCriteriaMet') && holds(now, 'SuccessCriteriaMet')) {
    at.invalid(omitted, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  }
}

/** The step from one status to the next, which others than the built-in controller may write too (KEP-4368). */
export function validateJobStatus({ spec, status: now }: Job, { status: old }: Job, field: FieldPath): void {
  const step: Step = { now, old, field };
  validateCounts(now, ['active', 'succeeded', 'failed', 'ready', 'terminating'], field);
  validateUncounted(now, field.at('uncountedTerminatedPods'));
  validateExclusions(step);
  validateCompletionTime(step);
  validateAnnouncements(step);
  validateEnd(step);
  validateIndexes(spec, step);
  validateNotActive(step, 'terminating');
  validateReady(step);
  validateSuccess(spec, step);
  validateFinality(step, () => {
    validateCounters(spec, step);
    validateTimes(spec, step);
  });
}
