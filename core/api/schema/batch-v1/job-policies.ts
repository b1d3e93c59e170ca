import { int32, list, oneOf, pointer, required, set, string, withDefault, type Of } from '#core/api/schema/type.ts';
import { batch } from './batch.ts';

export const PodFailurePolicyOnExitCodesRequirement = batch.type('PodFailurePolicyOnExitCodesRequirement', 'A condition on the exit codes of a failed pod.', {
  containerName: [1, pointer(string), 'The container that is looked at; any when absent.'],
  operator: [2, required(oneOf('In', 'NotIn')), 'Whether the code must or must not be among the values.'],
  values: [3, required(set(int32)), 'The exit codes in ascending order, at most 255; for In without 0.'],
});
export type PodFailurePolicyOnExitCodesRequirement = Of<typeof PodFailurePolicyOnExitCodesRequirement>;

export const PodFailurePolicyOnPodConditionsPattern = batch.type('PodFailurePolicyOnPodConditionsPattern', 'A condition on a failed pod\'s own conditions.', {
  type: [1, required(string), 'Type of the pod\'s condition, such as DisruptionTarget.'],
  status: [2, withDefault(oneOf('True', 'False', 'Unknown'), 'True'), 'Status that it must have.'],
});
export type PodFailurePolicyOnPodConditionsPattern = Of<typeof PodFailurePolicyOnPodConditionsPattern>;

export const PodFailurePolicyRule = batch.type('PodFailurePolicyRule', 'What to do when a pod fails in a certain way.', {
  action: [1, required(oneOf('Count', 'FailIndex', 'FailJob', 'Ignore')), 'Count it towards backoffLimit, give up its index or the whole Job, or pass over it.'],
  onExitCodes: [2, PodFailurePolicyOnExitCodesRequirement, 'Holds for these exit codes; not together with onPodConditions.'],
  onPodConditions: [3, list(PodFailurePolicyOnPodConditionsPattern), 'Holds when the pod has any of these conditions, at most 20.'],
});
export type PodFailurePolicyRule = Of<typeof PodFailurePolicyRule>;

export const PodFailurePolicy = batch.type('PodFailurePolicy', 'What failed pods mean for the Job.', {
  rules: [1, required(list(PodFailurePolicyRule)), 'Looked at in order, at most 20; the first that holds decides, and without one backoffLimit does.'],
});
export type PodFailurePolicy = Of<typeof PodFailurePolicy>;

export const SuccessPolicyRule = batch.type('SuccessPolicyRule', 'When a Job has succeeded although not all of its indexes have.', {
  succeededIndexes: [1, pointer(string), 'Indexes that must have succeeded, such as 1,3-5.'],
  succeededCount: [2, pointer(int32), 'How many must have succeeded, of succeededIndexes if those are given.'],
});
export type SuccessPolicyRule = Of<typeof SuccessPolicyRule>;

export const SuccessPolicy = batch.type('SuccessPolicy', 'When an indexed Job has succeeded early.', {
  rules: [1, required(list(SuccessPolicyRule)), 'Any of these, at most 20; pods that still run are ended.'],
});
export type SuccessPolicy = Of<typeof SuccessPolicy>;
