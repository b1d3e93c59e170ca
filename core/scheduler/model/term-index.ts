import type { Labels } from '#core/api/label-selector.ts';
import type { AffinityTerm } from './affinity-term.ts';
import { DomainCounts } from './domain-counts.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** A term that pods in the cluster have, and in which places those pods stand. */
export interface TermGroup {
  readonly term: AffinityTerm;
  readonly domains: DomainCounts;
}

interface Group extends TermGroup {
  readonly id: string;
  pods: number;
}

/**
 * The terms of all pods that are on nodes, each kind of term once however many pods have it: a pod that comes is compared with
 * the kinds and not with the pods.
 */
export class TermIndex {
  readonly #termsOf: (pod: PodInfo) => readonly AffinityTerm[];
  readonly #groups = new Map<string, Group>();
  readonly #byNamespace = new Map<string, Set<Group>>();
  readonly #wide = new Set<Group>();

  constructor(termsOf: (pod: PodInfo) => readonly AffinityTerm[]) {
    this.#termsOf = termsOf;
  }

  /** The terms that mean this pod. */
  matching(pod: PodInfo, labelsOf: (namespace: string) => Labels): readonly TermGroup[] {
    if (this.#groups.size === 0) return [];
    const candidates = [...(this.#byNamespace.get(pod.namespace) ?? []), ...this.#wide];
    return candidates.filter(({ term }) => term.matches(pod.namespace, pod.labels, labelsOf));
  }

  note(pod: PodInfo, node: NodeInfo, change: 1 | -1): void {
    for (const term of this.#termsOf(pod)) {
      const id = `${term.weight} ${term.topologyKey} ${term.id}`;
      const group = this.#groups.get(id) ?? this.#make(id, term);
      const value = node.label(term.topologyKey);
      if (value !== undefined) group.domains.add(value, change);
      group.pods += change;
      if (group.pods === 0) this.#drop(group);
    }
  }

  #make(id: string, term: AffinityTerm): Group {
    const group = { id, term, domains: new DomainCounts(), pods: 0 };
    this.#groups.set(id, group);
    if (term.namespaces === undefined) this.#wide.add(group);
    for (const namespace of term.namespaces ?? []) {
      const members = this.#byNamespace.get(namespace) ?? new Set();
      this.#byNamespace.set(namespace, members.add(group));
    }
    return group;
  }

  #drop(group: Group): void {
    this.#groups.delete(group.id);
    this.#wide.delete(group);
    for (const namespace of group.term.namespaces ?? []) {
      const members = this.#byNamespace.get(namespace);
      members?.delete(group);
      if (members?.size === 0) this.#byNamespace.delete(namespace);
    }
  }
}
