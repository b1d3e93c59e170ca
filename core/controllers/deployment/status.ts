import type { Deployment, DeploymentStatus } from '#core/api/schema/apps-v1/deployment.ts';
import type { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { deepEqual } from '#core/api/value.ts';
import { withFinding, type Conditions } from './conditions.ts';
import { fewestAvailable } from './pace.ts';
import { sizeOf, sum } from './sets.ts';

export interface Observation {
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The numbers of a Deployment's status, and whether enough pods are available. */
export function statusOf(deployment: Deployment, { newSet, oldSets, now }: Observation): DeploymentStatus {
  const sets = newSet === undefined ? oldSets : [...oldSets, newSet];
  const available = sum(sets, ({ status }) => status.availableReplicas ?? 0);
  const { metadata: { generation }, status: { collisionCount, conditions = [] } } = deployment;
  const known = sets.flatMap(({ status: { terminatingReplicas } }) => (terminatingReplicas === undefined ? [] : [terminatingReplicas]));
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    replicas: sum(sets, ({ status }) => status.replicas),
    updatedReplicas: newSet?.status.replicas ?? 0,
    readyReplicas: sum(sets, ({ status }) => status.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(sets, sizeOf) - available),
    // Of sets that nobody has looked at yet it is not known.
    ...(known.length < sets.length ? {} : { terminatingReplicas: known.reduce((total, each) => total + each, 0) }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...withAvailability(conditions, available >= fewestAvailable(deployment), now)],
  };
}

const withAvailability = (conditions: Conditions, isEnough: boolean, now: number): Conditions => withFinding(conditions, isEnough
  ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
  : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' }, now);

/** Numbers that are not there are zero. */
export function isSameStatus(a: DeploymentStatus, b: DeploymentStatus): boolean {
  const counts = ['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'] as const;
  return counts.every((name) => (a[name] ?? 0) === (b[name] ?? 0)) && a.terminatingReplicas === b.terminatingReplicas && a.collisionCount === b.collisionCount
    && deepEqual(a.conditions ?? [], b.conditions ?? []);
}
