import type { DeploymentCondition } from '#core/api/schema/apps-v1/deployment.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

export type Conditions = readonly DeploymentCondition[];
export type Finding = Pick<DeploymentCondition, 'type' | 'status'> & { readonly reason: string; readonly message: string };

export const conditionOf = (conditions: Conditions | undefined, type: string): DeploymentCondition | undefined => conditions?.find((each) => each.type === type);

export const without = (conditions: Conditions, type: string): Conditions => conditions.filter((each) => each.type !== type);

/** What is said already stands as it is, whatever the message, unless it is to be `renewed`. */
export function withFinding(conditions: Conditions, finding: Finding, now: number, renewed = false): Conditions {
  const known = conditionOf(conditions, finding.type);
  const isSameStatus = known?.status === finding.status;
  if (isSameStatus && known.reason === finding.reason && !renewed) return conditions;
  const time = rfc3339(now);
  return [...without(conditions, finding.type), { ...finding, lastUpdateTime: time, lastTransitionTime: isSameStatus ? known.lastTransitionTime ?? time : time }];
}
