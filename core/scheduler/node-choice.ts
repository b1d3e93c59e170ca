import type { Diagnosis } from './diagnosis.ts';
import type { Cluster } from './model/cluster.ts';
import type { NodeInfo } from './model/node-info.ts';
import type { PodInfo } from './model/pod-info.ts';
import { PodFilters } from './pod-filters.ts';
import { unresolvable, type FilterPlugin, type ScorePlugin, type Verdict } from './plugin.ts';

export interface NodeChoiceOptions {
  readonly cluster: Cluster;
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
  /** Decides between nodes that are equally good. In [0, 1). */
  readonly random: () => number;
  /** Share of the nodes, in percent, after which enough are found; 0 lets their number decide. */
  readonly percentageOfNodesToScore?: number;
}

/** What was found out about a pod: its node, or why it has none. */
export type Decision =
  | { readonly node: NodeInfo; readonly filters: PodFilters }
  | { readonly node: undefined; readonly filters: PodFilters; readonly diagnosis: Diagnosis };

const smallestSample = 100;
const smallestPercentage = 5;

/** Finds the best node for a pod as things stand. Changes nothing. */
export class NodeChoice {
  readonly #options: NodeChoiceOptions;
  /** Each search goes on where the last one ended, so that all nodes have their turn. */
  #start = 0;

  constructor(options: NodeChoiceOptions) {
    this.#options = options;
  }

  decide(pod: PodInfo): Decision {
    const { cluster } = this.#options;
    const filters = new PodFilters(pod, this.#options.filters, cluster.nominations);
    if (filters.rejection !== undefined) {
      const diagnosis = { nodes: cluster.nodes.length, verdicts: new Map(), rejection: filters.rejection, plugins: new Set([filters.lastRefusal]) };
      return { node: undefined, filters, diagnosis };
    }
    const nominated = this.#nominated(pod, filters);
    if (nominated !== undefined) return { node: nominated, filters };
    const { feasible, diagnosis } = this.#find(filters);
    if (diagnosis !== undefined) return { node: undefined, filters, diagnosis };
    return { node: this.#best(pod, feasible), filters };
  }

  /** Room was made for the pod there: no need to look elsewhere. */
  #nominated({ uid }: PodInfo, filters: PodFilters): NodeInfo | undefined {
    const name = this.#options.cluster.nominations.nodeOf(uid);
    const node = name === undefined ? undefined : this.#options.cluster.node(name);
    return node !== undefined && filters.only?.names.has(node.name) !== false && filters.check(node) === undefined ? node : undefined;
  }

  #find(filters: PodFilters): { readonly feasible: readonly NodeInfo[]; readonly diagnosis?: Diagnosis } {
    const { cluster } = this.#options;
    const all = cluster.nodes;
    const { only } = filters;
    const candidates = only === undefined ? all : [...only.names].flatMap((name) => cluster.node(name) ?? []);
    const enough = this.#sampleSize(candidates.length);
    const feasible: NodeInfo[] = [];
    const verdicts = new Map<NodeInfo, Verdict>();
    const plugins = new Set<string>(only === undefined ? [] : only.plugins);
    const start = this.#start % Math.max(1, candidates.length);
    let looked = 0;
    for (; looked < candidates.length && feasible.length < enough; looked++) {
      const node = candidates[(start + looked) % candidates.length];
      if (node === undefined) break;
      const verdict = filters.check(node);
      if (verdict === undefined) {
        feasible.push(node);
      } else {
        verdicts.set(node, verdict);
        plugins.add(filters.lastRefusal);
      }
    }
    if (only === undefined) this.#start = (start + looked) % Math.max(1, all.length);
    if (feasible.length > 0) return { feasible };
    const others = only === undefined ? undefined : unresolvable(`node(s) didn't satisfy plugin(s) [${only.plugins.join(' ')}]`);
    return { feasible, diagnosis: { nodes: all.length, verdicts, others, plugins } };
  }

  /** In a big cluster a part of the nodes will do: the bigger, the smaller the part. */
  #sampleSize(nodes: number): number {
    if (nodes < smallestSample) return nodes;
    const asked = this.#options.percentageOfNodesToScore ?? 0;
    const percentage = asked > 0 ? Math.min(asked, 100) : Math.max(smallestPercentage, Math.floor(50 - nodes / 125));
    return Math.max(smallestSample, Math.floor((nodes * percentage) / 100));
  }

  #best(pod: PodInfo, feasible: readonly NodeInfo[]): NodeInfo {
    const [first] = feasible;
    if (first === undefined) throw new Error(`there is no node to choose from for pod ${pod.key}`);
    if (feasible.length === 1) return first;
    const totals = this.#totals(pod, feasible);
    const highest = totals.reduce((a, b) => Math.max(a, b));
    const best = feasible.filter((_, i) => totals[i] === highest);
    return best[Math.floor(this.#options.random() * best.length)] ?? first;
  }

  #totals(pod: PodInfo, nodes: readonly NodeInfo[]): Float64Array {
    const totals = new Float64Array(nodes.length);
    for (const plugin of this.#options.scores) {
      const scores = plugin.score(pod, nodes);
      if (scores === undefined) continue;
      for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + plugin.weight * (scores[i] ?? 0);
    }
    return totals;
  }
}
