import type { Ending, PodState, Verdict } from './pod-state.ts';

const defaultGraceSeconds = 30;
/** However it is ended, a pod that nobody forced out has this long. */
const leastGraceSeconds = 1;

/** Milliseconds that its containers have, by the pod itself: what its deletion says, else its own. */
export function graceOfPod({ pod: { metadata, spec } }: PodState): number {
  const own = spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
  return 1000 * Math.max(leastGraceSeconds, metadata.deletionTimestamp === undefined ? own : metadata.deletionGracePeriodSeconds ?? own);
}

/**
 * Decides that the pod's containers have to end. A second decision can only bring the end nearer.
 * @returns whether anything is different now: what is under way has to be done anew
 */
export function beginEnding(state: PodState, now: number, options: { readonly graceMs?: number; readonly verdict?: Verdict } = {}): boolean {
  const graceMs = options.graceMs ?? graceOfPod(state);
  const deadline = now + graceMs;
  const before = state.ending;
  if (before !== undefined && before.graceMs <= graceMs) return false;
  const verdict = before?.verdict ?? options.verdict;
  state.ending = { deadline: before === undefined ? deadline : Math.min(before.deadline, deadline), graceMs, ...(verdict === undefined ? {} : { verdict }) } satisfies Ending;
  return true;
}
