import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule } from '#core/api/schema/batch-v1/job-policies.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { replacesOnlyFailed } from './names.ts';

/** Failed, or about to be gone without having succeeded: a pod of a lost node never says that it failed. */
export function isFailed(job: Job, pod: Pod): boolean {
  if (pod.status.phase === 'Failed') return true;
  return !replacesOnlyFailed(job) && isDeleting(pod) && pod.status.phase !== 'Succeeded';
}

/** What a failed pod means (KEP-3329). */
export interface Ruling {
  readonly action: PodFailurePolicyRule['action'];
  /** Why the Job has failed; with FailJob. */
  readonly message: string;
}

/** The first rule of the Job's policy that holds for a failed pod; without one it counts. */
export function rulingOn({ spec: { podFailurePolicy } }: Job, pod: Pod): Ruling {
  for (const [index, rule] of (podFailurePolicy?.rules ?? []).entries()) {
    const cause = rule.onExitCodes === undefined ? conditionCause(rule, pod) : exitCause(rule.onExitCodes, pod);
    if (cause !== undefined) return { action: rule.action, message: `${cause} matching ${rule.action} rule at index ${index}` };
  }
  return { action: 'Count', message: '' };
}

export const isIgnored = (job: Job, pod: Pod): boolean => rulingOn(job, pod).action === 'Ignore';

const nameOf = ({ metadata: { namespace = '', name } }: Pod): string => `${namespace}/${name}`;

function exitCause({ containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement, pod: Pod): string | undefined {
  for (const { name, state } of [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])]) {
    const code = state.terminated?.exitCode ?? 0;
    if (code === 0 || (containerName !== undefined && containerName !== name)) continue;
    if (values.includes(code) === (operator === 'In')) return `Container ${name} for pod ${nameOf(pod)} failed with exit code ${code}`;
  }
  return undefined;
}

function conditionCause({ onPodConditions = [] }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const found = pod.status.conditions?.find(({ type, status }) => onPodConditions.some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status));
  return found && `Pod ${nameOf(pod)} has condition ${found.type}`;
}
