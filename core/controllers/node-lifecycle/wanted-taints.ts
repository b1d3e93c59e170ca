import type { Node, Taint } from '#core/api/schema/core-v1/node.ts';
import { readyOf } from '#core/controllers/nodes/conditions.ts';
import { taintKeys } from '#core/controllers/nodes/taints.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

/** Condition, status, and the taint that goes with it. */
const byCondition: readonly (readonly [string, string, string])[] = [
  ['Ready', 'False', taintKeys.notReady],
  ['Ready', 'Unknown', taintKeys.unreachable],
  ['MemoryPressure', 'True', taintKeys.memoryPressure],
  ['DiskPressure', 'True', taintKeys.diskPressure],
  ['PIDPressure', 'True', taintKeys.pidPressure],
  ['NetworkUnavailable', 'True', taintKeys.networkUnavailable],
];
const ours = new Set<string>([...byCondition.map(([, , key]) => key), taintKeys.unschedulable]);
const evicting = new Set<string>([taintKeys.notReady, taintKeys.unreachable]);

const isEvicting = ({ key, effect }: Taint): boolean => effect === 'NoExecute' && evicting.has(key);
export const isEvicted = ({ spec }: Node): boolean => spec.taints?.some(isEvicting) === true;

/** The key of the taint that makes pods leave the node; undefined when it is ready, or has said nothing yet. */
function evictingKey(node: Node): string | undefined {
  const status = readyOf(node)?.status;
  return status === 'False' ? taintKeys.notReady : status === 'Unknown' ? taintKeys.unreachable : undefined;
}

/** Not ready, and its pods have not been told to leave. */
export const awaitsEviction = (node: Node): boolean => evictingKey(node) !== undefined && !isEvicted(node);

function keysOf({ spec, status }: Node): readonly string[] {
  const keys = byCondition.filter(([type, state]) => status.conditions?.some((condition) => condition.type === type && condition.status === state)).map(([, , key]) => key);
  return spec.unschedulable === true ? [...keys, taintKeys.unschedulable] : keys;
}

/**
 * The taints that the node should have by its conditions; undefined when it has them. Those that make pods leave are taken off and
 * exchanged here, and put on by `withEviction` only, for that has a limit. An exchanged one keeps its time: the pods' time goes on.
 */
export function wantedTaints(node: Node, now: number): readonly Taint[] | undefined {
  const taints = node.spec.taints ?? [];
  const keys = keysOf(node);
  const added = keys.filter((key) => !taints.some((taint) => taint.key === key && taint.effect === 'NoSchedule'));
  const kept = taints.flatMap((taint): Taint[] => {
    if (isEvicting(taint)) return exchanged(taint, node);
    // The API gives this one to new nodes, and it is right until they say otherwise.
    if (taint.key === taintKeys.notReady && readyOf(node) === undefined) return [taint];
    return taint.effect === 'NoSchedule' && ours.has(taint.key) && !keys.includes(taint.key) ? [] : [taint];
  }).filter((taint, i, all) => all.findIndex(({ key, effect }) => key === taint.key && effect === taint.effect) === i);
  const isSame = added.length === 0 && kept.length === taints.length && kept.every((taint, i) => taint === taints[i]);
  return isSame ? undefined : [...kept, ...added.map((key): Taint => ({ key, effect: 'NoSchedule', timeAdded: rfc3339(now) }))];
}

function exchanged(taint: Taint, node: Node): Taint[] {
  const key = evictingKey(node);
  if (key === undefined) return readyOf(node) === undefined ? [taint] : [];
  return [key === taint.key ? taint : { ...taint, key }];
}

export function withEviction(node: Node, now: number): readonly Taint[] {
  const key = evictingKey(node);
  const taints = node.spec.taints ?? [];
  return key === undefined ? taints : [...taints, { key, effect: 'NoExecute', timeAdded: rfc3339(now) }];
}

export const withoutEviction = ({ spec }: Node): readonly Taint[] => (spec.taints ?? []).filter((taint) => !isEvicting(taint));
