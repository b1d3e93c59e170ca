import type { ReplicaSetCondition, ReplicaSetStatus } from '#core/api/schema/apps-v1/replica-set.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepEqual } from '#core/api/value.ts';
import { isPodReady } from '#core/controllers/nodes/conditions.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { availableAt, isActive, isTerminating } from './active-pod.ts';
import { templateOf, wantedReplicas, type PodSet } from './pod-set.ts';

export interface Outcome {
  /** Why it could not be done. */
  readonly failure: Error | undefined;
}

export interface Observation {
  /** The set's own, whatever their state. */
  readonly pods: readonly Pod[];
  readonly countsTerminating: boolean;
  /** What came of making or deleting pods; undefined where nothing was tried. */
  readonly outcome: Outcome | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a set's status should say. */
export function statusOf(set: PodSet, { pods, countsTerminating, outcome, now }: Observation): ReplicaSetStatus {
  const active = pods.filter(isActive);
  const labels = Object.entries(templateOf(set)?.metadata.labels ?? {});
  const isAvailable = (pod: Pod): boolean => (availableAt(pod, set.spec.minReadySeconds ?? 0) ?? Infinity) <= now;
  const conditions = conditionsOf(set, active.length, outcome, now);
  const { generation } = set.metadata;
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata }) => labels.every(([name, value]) => metadata.labels?.[name] === value)).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: active.filter(isAvailable).length,
    ...(countsTerminating ? { terminatingReplicas: pods.filter(isTerminating).length } : {}),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** A failure that stands there already is left as it is: when it began is of more interest than its latest wording. */
function conditionsOf(set: PodSet, active: number, outcome: Outcome | undefined, now: number): ReplicaSetCondition[] {
  const known = set.status.conditions ?? [];
  const others = known.filter(({ type }) => type !== 'ReplicaFailure');
  if (outcome === undefined) return known;
  const { failure } = outcome;
  if (failure === undefined) return others;
  if (others.length < known.length) return known;
  const reason = active < wantedReplicas(set) ? 'FailedCreate' : 'FailedDelete';
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: rfc3339(now), reason, message: failure.message }];
}

/** Numbers that are not there are zero. */
export function isSameStatus(a: PodSet['status'], b: PodSet['status']): boolean {
  const counts = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const;
  return counts.every((name) => (a[name] ?? 0) === (b[name] ?? 0)) && terminatingIn(a) === terminatingIn(b) && deepEqual(a.conditions ?? [], b.conditions ?? []);
}

const terminatingIn = (status: PodSet['status']): number | undefined => ('terminatingReplicas' in status ? status.terminatingReplicas : undefined);

/** Milliseconds until the next of the pods becomes available; undefined when none will by time alone. */
export function untilAvailable({ spec: { minReadySeconds = 0 } }: PodSet, pods: readonly Pod[], now: number): number | undefined {
  const waits = pods.filter(isActive).map((pod) => (availableAt(pod, minReadySeconds) ?? now) - now).filter((ms) => ms > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
