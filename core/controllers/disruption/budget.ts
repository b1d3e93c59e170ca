import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Condition } from '#core/api/schema/meta.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '#core/api/schema/policy-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { isPodReady } from '#core/controllers/nodes/conditions.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

/** How long a granted eviction may take until its pod counts again. As in Kubernetes. */
const deletionMs = 2 * 60_000;

/** What a budget wants. */
export interface Demand {
  readonly expected: number;
  readonly desired: number;
}

/** Granted evictions of pods that are still there. */
export interface Disruptions {
  readonly pending: Readonly<Record<string, string>>;
  /** For longer than an eviction takes: they count again. */
  readonly overdue: readonly Pod[];
  /** Milliseconds until the next is overdue; undefined when none will be. */
  readonly untilOverdueMs: number | undefined;
}

/** A share is rounded up; text that is none counts as 0. */
export function share(amount: number | string, of: number): number {
  if (typeof amount === 'number') return amount;
  return Math.ceil((Number(/^(\d+)%$/.exec(amount)?.[1] ?? 0) * of) / 100);
}

export function disruptionsOf({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Disruptions {
  const granted = new Map(Object.entries(status.disruptedPods ?? {}));
  const pending = new Map<string, string>();
  const overdue: Pod[] = [];
  let untilOverdueMs: number | undefined;
  for (const pod of pods) {
    const since = granted.get(pod.metadata.name);
    if (since === undefined || isDeleting(pod)) continue;
    const leftMs = Date.parse(since) + deletionMs - now;
    if (!(leftMs > 0)) overdue.push(pod);
    else {
      pending.set(pod.metadata.name, since);
      untilOverdueMs = Math.min(untilOverdueMs ?? Infinity, leftMs);
    }
  }
  return { pending: Object.fromEntries(pending), overdue, untilOverdueMs };
}

/** What the budget's status should say. */
export function statusOf(budget: PodDisruptionBudget, pods: readonly Pod[], demand: Demand, { pending }: Disruptions, now: number): PodDisruptionBudgetStatus {
  const healthy = pods.filter((pod) => !isDeleting(pod) && !Object.hasOwn(pending, pod.metadata.name) && isPodReady(pod)).length;
  // A budget that matches no pods yet must not let the first one go before it has been counted.
  const allowed = demand.expected <= 0 ? 0 : Math.max(0, healthy - demand.desired);
  const [status, reason] = allowed > 0 ? ['True', 'SufficientPods'] as const : ['False', 'InsufficientPods'] as const;
  const { generation = 0 } = budget.metadata;
  return {
    ...(Object.keys(pending).length === 0 ? {} : { disruptedPods: pending }),
    observedGeneration: generation, currentHealthy: healthy, desiredHealthy: demand.desired, expectedPods: demand.expected, disruptionsAllowed: allowed,
    conditions: withCondition(budget, { status, reason, message: '', observedGeneration: generation }, now),
  };
}

/** When nobody can say how many pods there should be, none may go. */
export function failedStatus(budget: PodDisruptionBudget, error: Error, now: number): PodDisruptionBudgetStatus {
  const { observedGeneration = 0 } = budget.status;
  return { ...budget.status, disruptionsAllowed: 0, conditions: withCondition(budget, { status: 'False', reason: 'SyncFailed', message: error.message, observedGeneration }, now) };
}

function withCondition({ status }: PodDisruptionBudget, said: Omit<Condition, 'type' | 'lastTransitionTime'>, now: number): Condition[] {
  const known = status.conditions ?? [];
  const before = known.find(({ type }) => type === 'DisruptionAllowed');
  const lastTransitionTime = before?.status === said.status ? before.lastTransitionTime : rfc3339(now);
  return [...known.filter((each) => each !== before), { type: 'DisruptionAllowed', ...said, lastTransitionTime }];
}

/** Numbers that are not there are zero. */
export function isSameStatus(a: PodDisruptionBudgetStatus, b: PodDisruptionBudgetStatus): boolean {
  const counts = ['observedGeneration', 'currentHealthy', 'desiredHealthy', 'expectedPods', 'disruptionsAllowed'] as const;
  return counts.every((name) => (a[name] ?? 0) === (b[name] ?? 0)) && deepEqual(a.disruptedPods ?? {}, b.disruptedPods ?? {}) && deepEqual(comparable(a), comparable(b));
}

const comparable = ({ conditions = [] }: PodDisruptionBudgetStatus): unknown =>
  conditions.map(({ observedGeneration = 0, ...rest }) => ({ ...rest, observedGeneration }));
