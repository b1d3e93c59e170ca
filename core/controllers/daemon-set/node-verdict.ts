import { isRequiredNode, nodeFacts, tolerates } from '#core/api/node-selector.ts';
import type { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { deepEqual } from '#core/api/value.ts';
import { daemonTolerations } from './daemon-pod.ts';

/**
 * What a set wants of a node:
 * - `run`: its pod
 * - `stay`: no new pod, but one that is there may stay
 * - `leave`: no pod
 */
export type Verdict = 'run' | 'stay' | 'leave';

export function verdictOn(node: Node, { spec: { template: { spec } } }: DaemonSet): Verdict {
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return 'leave';
  if (!isRequiredNode(spec, nodeFacts(node))) return 'leave';
  const tolerations = daemonTolerations(spec);
  const untolerated = (node.spec.taints ?? []).filter((taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((each) => tolerates(each, taint)));
  if (untolerated.length === 0) return 'run';
  return untolerated.some(({ effect }) => effect === 'NoExecute') ? 'leave' : 'stay';
}

/** Heartbeats of thousands of nodes must not cost a look at each set. */
export const isSameForDaemons = (a: Node, b: Node): boolean =>
  deepEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {}) && deepEqual(a.spec.taints ?? [], b.spec.taints ?? []);
