import { tolerates } from '#core/api/node-selector.ts';
import type { Toleration } from '#core/api/schema/core-v1/affinity.ts';
import type { Taint } from '#core/api/schema/core-v1/node.ts';

export type Tolerations = readonly Toleration[];

/** The first taint that keeps new pods away and that nothing tolerates. */
export function untolerated(taints: readonly Taint[], tolerations: Tolerations): Taint | undefined {
  for (const taint of taints) {
    if (taint.effect === 'PreferNoSchedule') continue;
    if (!tolerations.some((toleration) => tolerates(toleration, taint))) return taint;
  }
  return undefined;
}

/** How many taints advise against the pod. */
export function advisedAgainst(taints: readonly Taint[], tolerations: Tolerations): number {
  let count = 0;
  for (const taint of taints) {
    if (taint.effect === 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint))) count++;
  }
  return count;
}

/** Cordoned nodes are for pods that tolerate this, even where the taint itself is not there yet. */
const cordon: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const toleratesCordon = (tolerations: Tolerations): boolean => tolerations.some((toleration) => tolerates(toleration, cordon));
