import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { conjunction, type AffinityTerm, type PodMatcher } from '#core/scheduler/model/affinity-term.ts';
import type { Cluster } from '#core/scheduler/model/cluster.ts';
import { DomainCounts } from '#core/scheduler/model/domain-counts.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { highestScore, unresolvable, unschedulable, type ClusterEvent, type FilterPlugin, type NodeFilter, type ScorePlugin, type Verdict } from '#core/scheduler/plugin.ts';

const noCompany = unresolvable("node(s) didn't match pod affinity rules");
const unwantedCompany = unschedulable("node(s) didn't match pod anti-affinity rules");
const unwantedThere = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");

/** How many pods of a kind stand in each place, with those that are only tried out. */
class Places {
  readonly topologyKey: string;
  readonly #counted: DomainCounts[] = [];
  readonly #tried = new DomainCounts();

  constructor(topologyKey: string) {
    this.topologyKey = topologyKey;
  }

  include(counts: DomainCounts): this {
    this.#counted.push(counts);
    return this;
  }

  /** Undefined on a node without the label. */
  at(node: NodeInfo): number | undefined {
    const value = node.label(this.topologyKey);
    if (value === undefined) return undefined;
    let sum = this.#tried.get(value);
    for (const counts of this.#counted) sum += counts.get(value);
    return sum;
  }

  get total(): number {
    return this.#counted.reduce((sum, counts) => sum + counts.total, this.#tried.total);
  }

  try(node: NodeInfo, change: 1 | -1): void {
    const value = node.label(this.topologyKey);
    if (value !== undefined) this.#tried.add(value, change);
  }
}

class AffinityFilter implements NodeFilter {
  readonly #pod: PodInfo;
  readonly #cluster: Cluster;
  readonly #company: PodMatcher | undefined;
  readonly #wanted: readonly Places[];
  readonly #unwanted: readonly { readonly term: AffinityTerm; readonly places: Places }[];
  /** Where pods stand that do not want this one beside them, by topology key. */
  readonly #unwelcome = new Map<string, Places>();

  constructor(pod: PodInfo, cluster: Cluster) {
    this.#pod = pod;
    this.#cluster = cluster;
    const { affinity, antiAffinity } = pod.terms;
    const placesOf = (matcher: PodMatcher, topologyKey: string): Places =>
      new Places(topologyKey).include(cluster.counters.of(matcher, { skipsTerminating: false }).in(topologyKey));
    const company = affinity.length === 0 ? undefined : conjunction(affinity);
    this.#company = company;
    this.#wanted = company === undefined ? [] : affinity.map(({ topologyKey }) => placesOf(company, topologyKey));
    this.#unwanted = antiAffinity.map((term) => ({ term, places: placesOf(term, term.topologyKey) }));
    for (const { term, domains } of cluster.antiAffinityTerms.matching(pod, cluster.labelsOfNamespace)) this.#unwelcomeBy(term.topologyKey).include(domains);
  }

  get isIdle(): boolean {
    return this.#wanted.length === 0 && this.#unwanted.length === 0 && this.#unwelcome.size === 0;
  }

  check(node: NodeInfo): Verdict | undefined {
    if (!this.#hasCompany(node)) return noCompany;
    for (const { places } of this.#unwanted) if ((places.at(node) ?? 0) > 0) return unwantedCompany;
    for (const places of this.#unwelcome.values()) if ((places.at(node) ?? 0) > 0) return unwantedThere;
    return undefined;
  }

  added(pod: PodInfo, node: NodeInfo): void {
    this.#try(pod, node, 1);
  }

  removed(pod: PodInfo, node: NodeInfo): void {
    this.#try(pod, node, -1);
  }

  #hasCompany(node: NodeInfo): boolean {
    if (this.#wanted.length === 0) return true;
    const counts = this.#wanted.map((places) => places.at(node));
    if (counts.some((count) => count === undefined)) return false;
    if (counts.every((count) => (count ?? 0) > 0)) return true;
    // The first of pods that want to be together has nobody to join.
    return this.#wanted.every(({ total }) => total === 0) && this.#matches(this.#company, this.#pod);
  }

  #try(pod: PodInfo, node: NodeInfo, change: 1 | -1): void {
    if (this.#matches(this.#company, pod)) for (const places of this.#wanted) places.try(node, change);
    for (const { term, places } of this.#unwanted) if (this.#matches(term, pod)) places.try(node, change);
    for (const term of pod.terms.antiAffinity) if (this.#matches(term, this.#pod)) this.#unwelcomeBy(term.topologyKey).try(node, change);
  }

  #matches(matcher: PodMatcher | undefined, { namespace, labels }: PodInfo): boolean {
    return matcher?.matches(namespace, labels, this.#cluster.labelsOfNamespace) === true;
  }

  #unwelcomeBy(topologyKey: string): Places {
    const places = this.#unwelcome.get(topologyKey) ?? new Places(topologyKey);
    this.#unwelcome.set(topologyKey, places);
    return places;
  }
}

/** Pods that are to stand with, or apart from, others; the others may say the same of them. */
export const interPodAffinity = (cluster: Cluster): FilterPlugin & ScorePlugin => ({
  name: 'InterPodAffinity',
  weight: 2,
  wakes: [
    { on: ['pod/add', 'pod/labels', 'pod/delete'], helps: (pod, event) => podHelps(cluster, pod, event) },
    { on: ['node/add', 'node/labels'], helps: nodeHelps },
    { on: ['own/labels', 'namespace/labels'] },
  ],
  filter(pod) {
    const filter = new AffinityFilter(pod, cluster);
    // Pods that are tried out on a node may mind this one although nobody did up to now.
    return filter.isIdle && cluster.nominations.size === 0 ? undefined : filter;
  },
  score(pod, nodes) {
    const wishes = wishesAbout(pod, cluster);
    if (wishes.length === 0) return undefined;
    const sums = nodes.map((node) => {
      let sum = 0;
      for (const { topologyKey, weight, domains } of wishes) {
        const value = node.label(topologyKey);
        if (value !== undefined) sum += weight * domains.get(value);
      }
      return sum;
    });
    return spreadOut(sums);
  },
});

interface Wish {
  readonly topologyKey: string;
  readonly weight: number;
  readonly domains: DomainCounts;
}

/** A pod that needs company is a little wish of its own for more of it. */
const weightOfNeed = 1;

/** The pod's wishes about others, and those of others about it. */
function wishesAbout(pod: PodInfo, cluster: Cluster): readonly Wish[] {
  const own = pod.terms.preferred.map((term) => ({
    topologyKey: term.topologyKey, weight: term.weight, domains: cluster.counters.of(term, { skipsTerminating: false }).in(term.topologyKey),
  }));
  const others = cluster.preferredTerms.matching(pod, cluster.labelsOfNamespace).map(({ term, domains }) => ({ topologyKey: term.topologyKey, weight: term.weight, domains }));
  const needs = cluster.affinityTerms.matching(pod, cluster.labelsOfNamespace).map(({ term, domains }) => ({ topologyKey: term.topologyKey, weight: weightOfNeed, domains }));
  return [...own, ...others, ...needs].filter(({ domains }) => domains.size > 0);
}

/** The smallest number becomes 0, the largest 100. */
function spreadOut(sums: readonly number[]): readonly number[] | undefined {
  const least = Math.min(...sums);
  const range = Math.max(...sums) - least;
  return range === 0 ? undefined : sums.map((sum) => Math.floor((highestScore * (sum - least)) / range));
}

function podHelps(cluster: Cluster, waiting: PodInfo, { object, previous }: ClusterEvent): boolean {
  const { labelsOfNamespace } = cluster;
  const meets = (term: PodMatcher, { namespace, labels }: PodInfo): boolean => term.matches(namespace, labels, labelsOfNamespace);
  const [now, before] = [object, previous].map((pod) => (pod === undefined ? undefined : new PodInfo(pod as Pod)));
  if (now === undefined) return true;
  const { affinity, antiAffinity } = waiting.terms;
  if (affinity.some((term) => meets(term, now) || (before !== undefined && meets(term, before)))) return true;
  if (antiAffinity.some((term) => meets(term, before ?? now))) return true;
  return [now, before].some((pod) => pod?.terms.antiAffinity.some((term) => meets(term, waiting)));
}

function nodeHelps({ terms }: PodInfo, { object, previous }: ClusterEvent): boolean {
  const keys = [...terms.affinity, ...terms.antiAffinity].map(({ topologyKey }) => topologyKey);
  // Pods there may mind this one by any label.
  if (keys.length === 0 || terms.antiAffinity.length > 0) return true;
  const [now, before] = [object, previous].map((node) => (node as Node | undefined)?.metadata.labels ?? {});
  return keys.some((key) => now?.[key] !== before?.[key]);
}
