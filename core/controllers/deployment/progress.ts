import type { Deployment, DeploymentCondition, DeploymentStatus } from '#core/api/schema/apps-v1/deployment.ts';
import type { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { conditionOf, without, withFinding, type Conditions, type Finding } from './conditions.ts';
import { wantedPods } from './pace.ts';
import type { Observation } from './status.ts';

/** Means: no deadline. */
const never = 2 ** 31 - 1;
const second = 1000;

export function hasDeadline({ spec: { progressDeadlineSeconds: seconds } }: Deployment): boolean {
  return seconds !== undefined && seconds !== never;
}

export const progressing = (status: 'True' | 'False' | 'Unknown', reason: string, message: string): Finding => ({ type: 'Progressing', status, reason, message });

/** All pods are of the present template, and available. */
export function isComplete(deployment: Deployment, { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 }: DeploymentStatus): boolean {
  const wanted = wantedPods(deployment);
  return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted && observedGeneration >= (deployment.metadata.generation ?? 0);
}

/** The status of a Deployment whose pods are being replaced, with what there is to say about that. */
export function withProgress(deployment: Deployment, status: DeploymentStatus, observation: Observation): DeploymentStatus {
  const conditions = hasDeadline(deployment) ? withEstimate(deployment, status, observation) : without(status.conditions ?? [], 'Progressing');
  return { ...status, conditions: [...withFailure(conditions, observation)] };
}

function withEstimate(deployment: Deployment, status: DeploymentStatus, { newSet, now }: Observation): Conditions {
  const conditions = status.conditions ?? [];
  const known = conditionOf(deployment.status.conditions, 'Progressing');
  // It was rolled out before, and this is something else.
  if (status.replicas === status.updatedReplicas && known?.reason === 'NewReplicaSetAvailable') return conditions;
  const what = newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  if (isComplete(deployment, status)) return withFinding(conditions, progressing('True', 'NewReplicaSetAvailable', `${what} has successfully progressed.`), now);
  if (hasProgressed(deployment.status, status)) return withFinding(conditions, progressing('True', 'ReplicaSetUpdated', `${what} is progressing.`), now, true);
  if (isLate(deployment, known, now)) return withFinding(conditions, progressing('False', 'ProgressDeadlineExceeded', `${what} has timed out progressing.`), now);
  return conditions;
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas;
  const grown = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;
  return old(after) < old(before) || grown.some((name) => (after[name] ?? 0) > (before[name] ?? 0));
}

function isLate(deployment: Deployment, known: DeploymentCondition | undefined, now: number): boolean {
  // After a rollout that came to its end, the time since says nothing.
  if (known === undefined || known.reason === 'NewReplicaSetAvailable') return false;
  return known.reason === 'ProgressDeadlineExceeded' || deadlineOf(deployment, known) < now;
}

const deadlineOf = ({ spec }: Deployment, { lastUpdateTime = '' }: DeploymentCondition): number =>
  (Date.parse(lastUpdateTime) || 0) + (spec.progressDeadlineSeconds ?? 0) * second;

/** That of the new set before those of others. */
function withFailure(conditions: Conditions, { newSet, oldSets }: Observation): Conditions {
  const failures = [...(newSet === undefined ? [] : [newSet]), ...oldSets].flatMap(failuresOf);
  const [failure] = failures;
  const known = conditionOf(conditions, 'ReplicaFailure');
  if (failure === undefined) return without(conditions, 'ReplicaFailure');
  if (known?.status === failure.status && known.reason === failure.reason) return conditions;
  return [...without(conditions, 'ReplicaFailure'), failure];
}

const failuresOf = ({ status: { conditions = [] } }: ReplicaSet): DeploymentCondition[] =>
  conditions.filter(({ type }) => type === 'ReplicaFailure').map((each) => (each.lastTransitionTime === undefined ? each : { ...each, lastUpdateTime: each.lastTransitionTime }));

/** Milliseconds until it has to be looked at whether there was progress; undefined when that is not awaited. */
export function untilLate(deployment: Deployment, now: number): number | undefined {
  const known = conditionOf(deployment.status.conditions, 'Progressing');
  if (!hasDeadline(deployment) || known === undefined || known.reason === 'ProgressDeadlineExceeded' || isComplete(deployment, deployment.status)) return undefined;
  // A second more: the times in conditions are whole ones.
  return Math.max(0, deadlineOf(deployment, known) - now) + second;
}
