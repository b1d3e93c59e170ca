import type { Labels } from '#core/api/label-selector.ts';
import type { PodMatcher } from './affinity-term.ts';
import { DomainCounts } from './domain-counts.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Different labels by which the places of one counter are told apart; beyond, it begins anew. */
const mostKeys = 64;

/** How many pods that match stand on each node, and in each place. Kept true with every pod that comes and goes. */
export class PodCounter {
  readonly matcher: PodMatcher;
  readonly #skipsTerminating: boolean;
  readonly #labelsOf: (namespace: string) => Labels;
  readonly #byNode = new Map<NodeInfo, number>();
  readonly #byDomain = new Map<string, DomainCounts>();

  constructor(matcher: PodMatcher, skipsTerminating: boolean, labelsOf: (namespace: string) => Labels) {
    this.matcher = matcher;
    this.#skipsTerminating = skipsTerminating;
    this.#labelsOf = labelsOf;
  }

  counts(pod: PodInfo): boolean {
    if (this.#skipsTerminating && pod.isTerminating) return false;
    return this.matcher.matches(pod.namespace, pod.labels, this.#labelsOf);
  }

  on(node: NodeInfo): number {
    return this.#byNode.get(node) ?? 0;
  }

  /** By value of the label; nodes without it count nowhere. */
  in(topologyKey: string): DomainCounts {
    const known = this.#byDomain.get(topologyKey);
    if (known !== undefined) return known;
    const domains = new DomainCounts();
    if (this.#byDomain.size >= mostKeys) this.#byDomain.clear();
    this.#byDomain.set(topologyKey, domains);
    for (const [node, count] of this.#byNode) {
      const value = node.label(topologyKey);
      if (value !== undefined) domains.add(value, count);
    }
    return domains;
  }

  note(pod: PodInfo, node: NodeInfo, change: 1 | -1): void {
    if (!this.counts(pod)) return;
    const count = this.on(node) + change;
    if (count === 0) this.#byNode.delete(node);
    else this.#byNode.set(node, count);
    for (const [key, domains] of this.#byDomain) {
      const value = node.label(key);
      if (value !== undefined) domains.add(value, change);
    }
  }
}

/** Counters that were asked for lately. Pods of one owner ask for the same ones, so that nobody has to walk over all pods. */
export class PodCounters {
  readonly #limit: number;
  readonly #labelsOf: (namespace: string) => Labels;
  readonly #nodes: () => Iterable<NodeInfo>;
  readonly #counters = new Map<string, PodCounter>();
  readonly #byNamespace = new Map<string, Set<PodCounter>>();
  /** Those for which labels of namespaces count. */
  readonly #wide = new Set<PodCounter>();

  constructor(nodes: () => Iterable<NodeInfo>, labelsOf: (namespace: string) => Labels, limit = 512) {
    this.#nodes = nodes;
    this.#labelsOf = labelsOf;
    this.#limit = limit;
  }

  of(matcher: PodMatcher, { skipsTerminating }: { readonly skipsTerminating: boolean }): PodCounter {
    const id = skipsTerminating ? `running ${matcher.id}` : matcher.id;
    const known = this.#counters.get(id);
    if (known !== undefined) {
      this.#counters.delete(id);
      this.#counters.set(id, known);
      return known;
    }
    const counter = new PodCounter(matcher, skipsTerminating, this.#labelsOf);
    for (const node of this.#nodes()) for (const pod of node.pods.values()) counter.note(pod, node, 1);
    this.#counters.set(id, counter);
    this.#enter(counter);
    if (this.#counters.size > this.#limit) this.#dropOldest();
    return counter;
  }

  note(pod: PodInfo, node: NodeInfo, change: 1 | -1): void {
    for (const counter of this.#byNamespace.get(pod.namespace) ?? []) counter.note(pod, node, change);
    for (const counter of this.#wide) counter.note(pod, node, change);
  }

  /** Labels of a namespace changed. */
  forgetWide(): void {
    for (const [id, counter] of this.#counters) if (this.#wide.has(counter)) this.#counters.delete(id);
    this.#wide.clear();
  }

  #enter(counter: PodCounter): void {
    const { namespaces } = counter.matcher;
    if (namespaces === undefined) this.#wide.add(counter);
    for (const namespace of namespaces ?? []) {
      const members = this.#byNamespace.get(namespace) ?? new Set();
      this.#byNamespace.set(namespace, members.add(counter));
    }
  }

  #dropOldest(): void {
    for (const [id, counter] of this.#counters) {
      this.#counters.delete(id);
      this.#wide.delete(counter);
      for (const namespace of counter.matcher.namespaces ?? []) {
        const members = this.#byNamespace.get(namespace);
        members?.delete(counter);
        if (members?.size === 0) this.#byNamespace.delete(namespace);
      }
      return;
    }
  }
}
