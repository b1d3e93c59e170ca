import { omitted } from '#core/api/field-errors.ts';
import { countIndexes, parseIndexes } from '#core/api/job-indexes.ts';
import { qualifiedNameProblem } from '#core/api/names.ts';
import type { JobSpec } from '#core/api/schema/batch-v1/job.ts';
import type {
  PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule, SuccessPolicyRule,
} from '#core/api/schema/batch-v1/job-policies.ts';
import type { FieldPath } from './field-path.ts';

const maxRules = 20;
const maxExitCodes = 255;
const maxPatterns = 20;
const maxIndexesBytes = 64 * 1024;

function validateExitCodes({ containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement, containers: ReadonlySet<string>, field: FieldPath): void {
  if (containerName !== undefined && !containers.has(containerName)) {
    field.at('containerName').invalid(containerName, 'must be one of the container or initContainer names in the pod template');
  }
  const at = field.at('values');
  if (values.length === 0) at.invalid(values, 'at least one value is required');
  if (values.length > maxExitCodes) at.tooMany(values.length, maxExitCodes);
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) at.at(i).invalid(value, 'must not be 0 for the In operator');
    if (seen.has(value)) at.at(i).duplicate(value);
    seen.add(value);
  }
  if (values.some((value, i) => value < (values[i - 1] ?? value))) at.invalid(values, 'must be ordered');
}

function validatePatterns(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], field: FieldPath): void {
  if (patterns.length > maxPatterns) field.tooMany(patterns.length, maxPatterns);
  for (const [i, { type }] of patterns.entries()) field.at(i, 'type').check(type, qualifiedNameProblem(type));
}

function validateFailureRule(spec: JobSpec, rule: PodFailurePolicyRule, containers: ReadonlySet<string>, field: FieldPath): void {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) field.at('action').invalid(action, 'requires the backoffLimitPerIndex to be set');
  if (onExitCodes !== undefined) validateExitCodes(onExitCodes, containers, field.at('onExitCodes'));
  validatePatterns(onPodConditions, field.at('onPodConditions'));
  const both = onExitCodes !== undefined && onPodConditions.length > 0;
  if (both) field.invalid(omitted, 'specifying both OnExitCodes and OnPodConditions is not supported');
  if (onExitCodes === undefined && onPodConditions.length === 0) field.invalid(omitted, 'specifying one of OnExitCodes and OnPodConditions is required');
}

export function validateFailurePolicy(spec: JobSpec, field: FieldPath): void {
  const { podFailurePolicy: policy, template } = spec;
  if (policy === undefined) return;
  const at = field.at('podFailurePolicy', 'rules');
  if (policy.rules.length > maxRules) at.tooMany(policy.rules.length, maxRules);
  const containers = new Set([...template.spec.containers, ...(template.spec.initContainers ?? [])].map(({ name }) => name));
  for (const [i, rule] of policy.rules.entries()) validateFailureRule(spec, rule, containers, at.at(i));
}

/** Whether a pod failed is only known when it has ended. */
export function validateReplacement({ podFailurePolicy, podReplacementPolicy: replacement }: JobSpec, field: FieldPath): void {
  if (podFailurePolicy !== undefined && replacement !== undefined && replacement !== 'Failed') field.notSupported(replacement, ['Failed']);
}

/** How many indexes the text names; none after a finding. */
function indexCount(text: string, completions: number, field: FieldPath): number {
  if (text.length > maxIndexesBytes) field.tooLong(maxIndexesBytes);
  try {
    return countIndexes(parseIndexes(text, completions));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    field.invalid(text, `error parsing succeededIndexes: ${error.message}`);
    return 0;
  }
}

function validateSuccessRule({ succeededIndexes, succeededCount }: SuccessPolicyRule, completions: number, field: FieldPath): void {
  if (succeededCount === undefined && succeededIndexes === undefined) field.required('at least one of succeededCount or succeededIndexes must be specified');
  const total = succeededIndexes === undefined ? undefined : indexCount(succeededIndexes, completions, field.at('succeededIndexes'));
  if (succeededCount === undefined) return;
  const at = field.at('succeededCount');
  at.notNegative(succeededCount);
  if (succeededCount > completions) {
    at.invalid(succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`);
  }
  if (total !== undefined && succeededCount > total) {
    at.invalid(succeededCount, `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`);
  }
}

export function validateSuccessPolicy({ successPolicy, completionMode, completions = 0 }: JobSpec, field: FieldPath): void {
  if (successPolicy === undefined) return;
  if (completionMode !== 'Indexed') return field.invalid(successPolicy, 'requires indexed completion mode');
  const { rules } = successPolicy;
  const at = field.at('rules');
  if (rules.length === 0) at.required('at least one rules must be specified when the successPolicy is specified');
  if (rules.length > maxRules) at.tooMany(rules.length, maxRules);
  for (const [i, rule] of rules.entries()) validateSuccessRule(rule, completions, at.at(i));
}
