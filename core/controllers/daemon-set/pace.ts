import type { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';

/** On how many nodes at once a new template may take the place of the old one. */
export interface Pace {
  readonly maxUnavailable: number;
  /** Nodes that may run the old and the new pod at once. */
  readonly maxSurge: number;
}

/** `nodes`: how many should run the pod. */
export function paceOf({ spec: { updateStrategy: { type, rollingUpdate } } }: DaemonSet, nodes: number): Pace {
  if (type !== 'RollingUpdate' || rollingUpdate === undefined) return { maxUnavailable: 0, maxSurge: 0 };
  const maxSurge = share(rollingUpdate.maxSurge ?? 0, nodes);
  const maxUnavailable = share(rollingUpdate.maxUnavailable ?? 1, nodes);
  // Validation lets none pass that could never get on; one that got in all the same goes node by node.
  return { maxSurge, maxUnavailable: nodes > 0 && maxSurge === 0 ? Math.max(1, maxUnavailable) : maxUnavailable };
}

export const allowsSurge = (set: DaemonSet): boolean => paceOf(set, 1).maxSurge > 0;

/** A percentage is rounded up; any other text counts as 0. */
function share(amount: number | string, of: number): number {
  if (typeof amount === 'number') return amount;
  const percent = /^(\d+)%$/.exec(amount)?.[1];
  return percent === undefined ? 0 : Math.ceil((Number(percent) * of) / 100);
}
