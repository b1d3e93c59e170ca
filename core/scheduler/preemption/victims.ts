import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { unresolvable, type Verdict } from '#core/scheduler/plugin.ts';
import type { PodFilters } from '#core/scheduler/pod-filters.ts';
import type { Budgets } from './budgets.ts';

/** A node on which there would be room without these pods. */
export interface Candidate {
  readonly node: NodeInfo;
  /** The most important first; at least one. */
  readonly victims: readonly PodInfo[];
  /** How many of them their budgets do not allow to go. */
  readonly violations: number;
}

const nobody = unresolvable('No preemption victims found for incoming pod');

/** When the pod began to run. One that has not begun counts as new. */
export const startOf = ({ pod: { status } }: PodInfo): number => (status?.startTime === undefined ? Infinity : Date.parse(status.startTime));

/** By priority; of equals, who has run for longer. */
export const moreImportant = (a: PodInfo, b: PodInfo): number => {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [first, second] = [startOf(a), startOf(b)];
  return first === second ? 0 : first < second ? -1 : 1;
};

/**
 * The fewest and least important pods that have to leave the node for the pod to fit; first those whose budgets forbid it are spared, as
 * far as that goes. Node and filters are as before when it returns.
 */
export function victimsOn(node: NodeInfo, filters: PodFilters, budgets: Budgets): Candidate | Verdict {
  const candidates = [...node.pods.values()].filter(({ priority }) => priority < filters.pod.priority);
  if (candidates.length === 0) return nobody;
  const trial = new Trial(node, filters);
  try {
    for (const pod of candidates) trial.remove(pod);
    const verdict = filters.check(node);
    if (verdict !== undefined) return verdict;
    const { violating, others } = budgets.divide(candidates.toSorted(moreImportant));
    const violations = violating.filter((pod) => !trial.spare(pod)).length;
    for (const pod of others) trial.spare(pod);
    return { node, victims: [...trial.gone].toSorted(moreImportant), violations };
  } finally {
    trial.end();
  }
}

/** Takes pods off a node and puts them back: much cheaper than a copy of the node. */
class Trial {
  readonly gone = new Set<PodInfo>();
  readonly #node: NodeInfo;
  readonly #filters: PodFilters;

  constructor(node: NodeInfo, filters: PodFilters) {
    this.#node = node;
    this.#filters = filters;
  }

  remove(pod: PodInfo): void {
    this.gone.add(pod);
    this.#node.remove(pod);
    this.#filters.removed(pod, this.#node);
  }

  /** Puts the pod back for good, if the other one still fits beside it. */
  spare(pod: PodInfo): boolean {
    this.#restore(pod);
    if (this.#filters.check(this.#node) === undefined) return true;
    this.remove(pod);
    return false;
  }

  end(): void {
    for (const pod of [...this.gone]) this.#restore(pod);
  }

  #restore(pod: PodInfo): void {
    this.gone.delete(pod);
    this.#node.add(pod);
    this.#filters.added(pod, this.#node);
  }
}
