import type { PodCondition, PodStatus } from '#core/api/schema/core-v1/pod.ts';
import { deepEqual } from '#core/api/value.ts';

const whole = ['observedGeneration', 'phase', 'reason', 'message', 'hostIP', 'podIP', 'startTime', 'initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;
const addresses = ['hostIPs', 'podIPs'] as const;

/** Conditions of the agent's own that are taken away when they hold no more. */
const passing = new Set(['PodResizePending']);

type StatusChange = Record<string, unknown>;

/** The strategic merge patch from what the API has to what shall be there; undefined when it is there. Others' conditions and fields are left alone. */
export function statusPatch(present: PodStatus, wanted: PodStatus): StatusChange | undefined {
  const change: StatusChange = {};
  for (const key of whole) if (!deepEqual(present[key], wanted[key])) change[key] = wanted[key] ?? null;
  for (const key of addresses) {
    const [before = [], now = []] = [present[key], wanted[key]];
    if (!deepEqual(before, now)) change[key] = [...now, { $patch: 'replace' }];
  }
  const conditions = conditionChanges(present.conditions ?? [], wanted.conditions ?? []);
  if (conditions.length > 0) change['conditions'] = conditions;
  return Object.keys(change).length === 0 ? undefined : change;
}

function conditionChanges(present: readonly PodCondition[], wanted: readonly PodCondition[]): readonly unknown[] {
  const over = present.filter(({ type }) => passing.has(type) && !wanted.some((condition) => condition.type === type));
  return [
    ...wanted.filter((condition) => !isSaid(present, condition)).map(({ reason, message, ...condition }) => ({ ...condition, reason: reason ?? null, message: message ?? null })),
    ...over.map(({ type }) => ({ type, $patch: 'delete' })),
  ];
}

function isSaid(present: readonly PodCondition[], wanted: PodCondition): boolean {
  const known = present.find(({ type }) => type === wanted.type);
  if (known === undefined) return false;
  return known.status === wanted.status && (known.reason ?? '') === (wanted.reason ?? '') && (known.message ?? '') === (wanted.message ?? '') &&
    (known.observedGeneration ?? 0) === (wanted.observedGeneration ?? 0);
}
