import { PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { sentence, type Diagnosis } from '#core/scheduler/diagnosis.ts';
import type { Cluster } from '#core/scheduler/model/cluster.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { unresolvable, type Verdict } from '#core/scheduler/plugin.ts';
import type { PodFilters } from '#core/scheduler/pod-filters.ts';
import { Budgets } from './budgets.ts';
import { cheapest } from './cheapest.ts';
import { disruptionTarget, preemptionByScheduler } from './names.ts';
import { victimsOn, type Candidate } from './victims.ts';

export interface PreemptorOptions {
  readonly cluster: Cluster;
  readonly informers: Informers;
  /** Where the search begins. In [0, 1). */
  readonly random: () => number;
}

/** Where room can be made, or why nowhere. `forget`: an earlier nomination is void. */
export type Preemption =
  | { readonly candidate: Candidate }
  | { readonly candidate: undefined; readonly message: string; readonly forget: boolean };

const notHelpful = unresolvable('Preemption is not helpful for scheduling');
const smallestShortlist = 100;
const shortlistPercentage = 10;

/** Finds a node on which less important pods could make room. Changes nothing. */
export class Preemptor {
  readonly #options: PreemptorOptions;
  readonly #budgets: Informer<PodDisruptionBudget>;

  constructor(options: PreemptorOptions) {
    this.#options = options;
    this.#budgets = options.informers.for(PodDisruptionBudget);
  }

  plan(filters: PodFilters, diagnosis: Diagnosis): Preemption {
    const { pod } = filters;
    const ineligible = this.#ineligible(pod, diagnosis);
    if (ineligible !== undefined) return { candidate: undefined, message: ineligible, forget: false };
    const potential = [...diagnosis.verdicts].filter(([, { resolvable }]) => resolvable).map(([node]) => node);
    const verdicts = new Map<NodeInfo, Verdict>();
    const candidate = this.#cheapest(potential, filters, verdicts);
    if (candidate !== undefined) return { candidate };
    const message = sentence({ nodes: diagnosis.nodes, verdicts, others: notHelpful, plugins: new Set() });
    return { candidate: undefined, message, forget: true };
  }

  #ineligible({ uid, priority, pod: { spec } }: PodInfo, { verdicts, rejection }: Diagnosis): string | undefined {
    if (spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
    const name = this.#options.cluster.nominations.nodeOf(uid);
    const node = name === undefined ? undefined : this.#options.cluster.node(name);
    if (node === undefined || (rejection ?? verdicts.get(node))?.resolvable === false) return undefined;
    // It has pushed out others already, who are still on their way.
    const isLeaving = (other: PodInfo): boolean => other.priority < priority && other.isTerminating && isPreempted(other);
    return [...node.pods.values()].some(isLeaving) ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
  }

  #cheapest(nodes: readonly NodeInfo[], filters: PodFilters, verdicts: Map<NodeInfo, Verdict>): Candidate | undefined {
    if (nodes.length === 0) return undefined;
    const budgets = new Budgets(this.#budgets.values());
    const enough = Math.min(nodes.length, Math.max(smallestShortlist, Math.floor((nodes.length * shortlistPercentage) / 100)));
    const start = Math.floor(this.#options.random() * nodes.length);
    const candidates: Candidate[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[(start + i) % nodes.length];
      if (node === undefined) break;
      const found = victimsOn(node, filters, budgets);
      if (!('victims' in found)) {
        verdicts.set(node, found);
        continue;
      }
      candidates.push(found);
      if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break;
    }
    return cheapest(candidates);
  }
}

const isPreempted = ({ pod: { status } }: PodInfo): boolean =>
  (status?.conditions ?? []).some(({ type, status: holds, reason }) => type === disruptionTarget && holds === 'True' && reason === preemptionByScheduler);
