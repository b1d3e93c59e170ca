import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { compile } from '#core/scheduler/model/affinity-term.ts';
import type { Cluster } from '#core/scheduler/model/cluster.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { unresolvable, unschedulable, type ClusterEvent, type FilterPlugin, type NodeFilter, type ScorePlugin, type Verdict } from '#core/scheduler/plugin.ts';
import type { DefaultSpread } from './default-spread.ts';
import { countByNode, countsEverywhere, hasAllKeys, spreadRule, type SpreadRule } from './spread-constraints.ts';
import { SpreadDomains } from './spread-domains.ts';
import { spreadScores } from './spread-scores.ts';

const uneven = unschedulable("node(s) didn't match pod topology spread constraints");
const labelMissing = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");

const rulesOf = (pod: PodInfo, cluster: Cluster, when: 'DoNotSchedule' | 'ScheduleAnyway'): readonly SpreadRule[] =>
  (pod.pod.spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when).map((constraint) => spreadRule(pod, constraint, cluster));

function domainsOf(rules: readonly SpreadRule[], cluster: Cluster): readonly SpreadDomains[] {
  if (!countsEverywhere(rules, cluster)) {
    return countByNode(rules, cluster, true).map((counts) => new SpreadDomains({ size: counts.size, get: (value) => counts.get(value) ?? 0, values: () => counts.keys() }));
  }
  return rules.map(({ topologyKey, counter }) => {
    const [all, counted] = [cluster.domains(topologyKey), counter.in(topologyKey)];
    return new SpreadDomains({ size: all.size, get: (value) => counted.get(value), values: () => all.values() });
  });
}

class SpreadFilter implements NodeFilter {
  readonly #pod: PodInfo;
  readonly #rules: readonly SpreadRule[];
  readonly #domains: readonly SpreadDomains[];
  readonly #least: number[];
  readonly #self: readonly number[];

  constructor(pod: PodInfo, rules: readonly SpreadRule[], cluster: Cluster) {
    this.#pod = pod;
    this.#rules = rules;
    this.#domains = domainsOf(rules, cluster);
    this.#self = rules.map(({ matcher }) => (matcher.matches(pod.namespace, pod.labels, cluster.labelsOfNamespace) ? 1 : 0));
    this.#least = rules.map((_, i) => this.#leastOf(i));
  }

  check(node: NodeInfo): Verdict | undefined {
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i];
      const value = rule === undefined ? undefined : node.label(rule.topologyKey);
      if (rule === undefined || value === undefined) return labelMissing;
      const skew = (this.#domains[i]?.get(value) ?? 0) + (this.#self[i] ?? 0) - (this.#least[i] ?? 0);
      if (skew > rule.maxSkew) return uneven;
    }
    return undefined;
  }

  added(pod: PodInfo, node: NodeInfo): void {
    this.#try(pod, node, 1);
  }

  removed(pod: PodInfo, node: NodeInfo): void {
    this.#try(pod, node, -1);
  }

  #try(pod: PodInfo, node: NodeInfo, change: 1 | -1): void {
    if (pod.namespace !== this.#pod.namespace || !hasAllKeys(node, this.#rules)) return;
    for (const [i, { counter, includes, topologyKey }] of this.#rules.entries()) {
      if (!counter.counts(pod) || (includes !== undefined && !includes(node))) continue;
      this.#domains[i]?.try(node.label(topologyKey) ?? '', change);
      this.#least[i] = this.#leastOf(i);
    }
  }

  /** With fewer places than are wanted, the missing ones count as empty. */
  #leastOf(i: number): number {
    const domains = this.#domains[i];
    if (domains === undefined || domains.size < (this.#rules[i]?.minDomains ?? 1)) return 0;
    return domains.least;
  }
}

/** Pods of a kind are spread over zones, nodes and whatever else nodes' labels say. */
export const podTopologySpread = (cluster: Cluster, defaults: DefaultSpread): FilterPlugin & ScorePlugin => ({
  name: 'PodTopologySpread',
  weight: 2,
  wakes: [
    { on: ['pod/add', 'pod/labels', 'pod/delete'], helps: podHelps },
    { on: ['node/add', 'node/labels', 'node/taints'], helps: nodeHelps },
    { on: ['own/labels', 'own/tolerations'] },
  ],
  filter(pod) {
    if (pod.pod.spec.topologySpreadConstraints === undefined) return undefined;
    const rules = rulesOf(pod, cluster, 'DoNotSchedule');
    return rules.length === 0 ? undefined : new SpreadFilter(pod, rules, cluster);
  },
  score(pod, nodes) {
    const own = (pod.pod.spec.topologySpreadConstraints ?? []).length > 0;
    const rules = own ? rulesOf(pod, cluster, 'ScheduleAnyway') : defaults.constraintsOf(pod).map((constraint) => spreadRule(pod, constraint, cluster));
    return rules.length === 0 ? undefined : spreadScores(rules, nodes, cluster, own);
  },
});

/** A pod that is counted by one of the rules came, went, or changed its labels. */
function podHelps({ namespace, pod: { spec } }: PodInfo, { object, previous }: ClusterEvent): boolean {
  if (object.metadata.namespace !== namespace) return false;
  return (spec.topologySpreadConstraints ?? []).some(({ labelSelector }) => {
    const selector = labelSelector === undefined ? undefined : compile(labelSelector);
    return [object, previous].some((pod) => pod !== undefined && selector?.matches((pod as Pod).metadata.labels) === true);
  });
}

/** A place came, went or moved. */
function nodeHelps({ pod: { spec } }: PodInfo, { kind, object, previous }: ClusterEvent): boolean {
  const constraints = spec.topologySpreadConstraints ?? [];
  if (kind === 'node/taints') return constraints.some(({ nodeTaintsPolicy }) => nodeTaintsPolicy === 'Honor');
  const labelsOf = (node: typeof previous): Readonly<Record<string, string>> => (node as Node | undefined)?.metadata.labels ?? {};
  return constraints.some(({ topologyKey }) => labelsOf(object)[topologyKey] !== undefined || labelsOf(previous)[topologyKey] !== undefined);
}
