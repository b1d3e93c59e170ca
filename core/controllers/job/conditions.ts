import type { Job, JobCondition } from '#core/api/schema/batch-v1/job.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

type Status = Job['status'];

export type ConditionType = 'Complete' | 'Failed' | 'Suspended' | 'FailureTarget' | 'SuccessCriteriaMet';

export const conditionOf = ({ conditions = [] }: Status, type: ConditionType): JobCondition | undefined => conditions.find((condition) => condition.type === type);

/** The condition if it holds. */
export function standing(status: Status, type: ConditionType): JobCondition | undefined {
  const condition = conditionOf(status, type);
  return condition?.status === 'True' ? condition : undefined;
}

/** How the Job ended; undefined as long as it has not. */
export const endOf = ({ status }: Job): JobCondition | undefined => standing(status, 'Complete') ?? standing(status, 'Failed');

export const condition = (type: ConditionType, reason: string, message: string, now: number, status = 'True'): JobCondition =>
  ({ type, status, lastProbeTime: rfc3339(now), lastTransitionTime: rfc3339(now), reason, message });

/** Sets a condition. One that does not hold is not begun with. @returns whether anything changed */
export function setCondition(status: Status, wanted: JobCondition): boolean {
  const known = status.conditions ?? [];
  const index = known.findIndex(({ type }) => type === wanted.type);
  const old = known[index];
  if (old === undefined ? wanted.status === 'False' : old.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message) return false;
  status.conditions = old === undefined ? [...known, wanted] : known.with(index, wanted);
  return true;
}
