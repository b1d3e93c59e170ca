import type { Job, JobCondition } from '#core/api/schema/batch-v1/job.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { condition, standing } from './conditions.ts';
import { isFailed, rulingOn } from './failure-policy.ts';
import { isSuspended } from './names.ts';
import { matchedRule } from './success-policy.ts';
import type { Survey } from './survey.ts';

/** FailureTarget or SuccessCriteriaMet, once the Job is to end before its pods have: by what was announced, a policy, a limit or a deadline. */
export function verdictOn(seen: Survey, now: number): JobCondition | undefined {
  const { job, job: { status } } = seen;
  const announced = standing(status, 'SuccessCriteriaMet') ?? standing(status, 'FailureTarget');
  if (announced !== undefined) return announced;
  const failure = failureOf(seen, now);
  if (failure !== undefined) return condition('FailureTarget', ...failure, now);
  const rule = seen.indexes && matchedRule(job, seen.indexes.succeeded);
  return rule === undefined ? undefined : condition('SuccessCriteriaMet', 'SuccessPolicy', rule, now);
}

type Cause = readonly [reason: string, message: string];

function failureOf(seen: Survey, now: number): Cause | undefined {
  const { job, job: { spec: { backoffLimit = 6 } } } = seen;
  const culprit = job.spec.podFailurePolicy && seen.pods.find((pod) => isFailed(job, pod) && rulingOn(job, pod).action === 'FailJob');
  if (culprit !== undefined) return ['PodFailurePolicy', rulingOn(job, culprit).message];
  if (seen.failed > backoffLimit || restartsExceeded(job, seen.pods)) return ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
  if (untilDeadline(job, now) === 0) return ['DeadlineExceeded', 'Job was active longer than specified deadline'];
  return indexCause(seen);
}

function indexCause({ job: { spec: { maxFailedIndexes = Infinity, completions = 0 } }, indexes }: Survey): Cause | undefined {
  const failed = indexes?.failed?.size ?? 0;
  if (failed > maxFailedIndexes) return ['MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes'];
  return failed > 0 && failed + (indexes?.succeeded.size ?? 0) >= completions ? ['FailedIndexes', 'Job has failed indexes'] : undefined;
}

/** Pods that are restarted in place never fail; their restarts count instead. */
function restartsExceeded({ spec: { template, backoffLimit = 6 } }: Job, pods: readonly Pod[]): boolean {
  if (template.spec.restartPolicy !== 'OnFailure') return false;
  const statuses = pods.filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
    .flatMap(({ status }) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]);
  const restarts = statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

/** Milliseconds until the Job has run for too long; undefined when it may run for ever, does not run, or is about to begin anew. */
export function untilDeadline(job: Job, now: number): number | undefined {
  const { spec: { activeDeadlineSeconds }, status, status: { startTime } } = job;
  if (activeDeadlineSeconds === undefined || startTime === undefined || isSuspended(job) || standing(status, 'Suspended') !== undefined) return undefined;
  return Math.max(0, Date.parse(startTime) + Number(activeDeadlineSeconds) * 1000 - now);
}

/** All that was asked for has succeeded. @param active pods that are left */
export function isDone({ job: { spec: { completions } }, succeeded }: Survey, active: number): boolean {
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
}
