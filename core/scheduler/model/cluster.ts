import type { Labels } from '#core/api/label-selector.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { deepEqual } from '#core/api/value.ts';
import { DomainCounts } from './domain-counts.ts';
import { NodeInfo } from './node-info.ts';
import { NodeOrder } from './node-order.ts';
import { Nominations } from './nominations.ts';
import { PodCounters } from './pod-counter.ts';
import type { PodInfo } from './pod-info.ts';
import { TermIndex } from './term-index.ts';

interface Placed {
  readonly pod: PodInfo;
  readonly nodeName: string;
  /** Only decided, and not yet seen in the API. */
  readonly assumed: boolean;
}

/** Different labels whose values are kept counted; beyond, it begins anew. */
const mostKeys = 256;

/**
 * The nodes and the pods on them, as decisions are taken by: what the API shows, with this process' own decisions that it does not show
 * yet. Decisions are taken one at a time and without waiting, so they read it as it stands; what they need summed up is kept summed up.
 */
export class Cluster {
  readonly #labelsOfNamespace: (namespace: string) => Labels;
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #order = new NodeOrder();
  readonly #placed = new Map<string, Placed>();
  /** Pods on nodes that are not there, or not yet. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  readonly #domains = new Map<string, DomainCounts>();
  readonly #claimUsers = new DomainCounts();
  readonly #imageNodes = new DomainCounts();
  readonly nominations = new Nominations();
  readonly counters: PodCounters;
  readonly antiAffinityTerms = new TermIndex(({ terms }) => terms.antiAffinity);
  readonly affinityTerms = new TermIndex(({ terms }) => terms.affinity);
  readonly preferredTerms = new TermIndex(({ terms }) => terms.preferred);

  constructor(labelsOfNamespace: (namespace: string) => Labels) {
    this.#labelsOfNamespace = labelsOfNamespace;
    this.counters = new PodCounters(() => this.#nodes.values(), labelsOfNamespace);
  }

  /** All nodes, in the order in which they are looked at. */
  get nodes(): readonly NodeInfo[] {
    return this.#order.nodes;
  }

  get labelsOfNamespace(): (namespace: string) => Labels {
    return this.#labelsOfNamespace;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** How many nodes have each value of the label. */
  domains(topologyKey: string): DomainCounts {
    const known = this.#domains.get(topologyKey);
    if (known !== undefined) return known;
    const domains = new DomainCounts();
    for (const node of this.#nodes.values()) countLabel(domains, node, topologyKey, 1);
    if (this.#domains.size >= mostKeys) this.#domains.clear();
    this.#domains.set(topologyKey, domains);
    return domains;
  }

  /** How many pods on nodes mount the claim. */
  usersOf(claim: string): number {
    return this.#claimUsers.get(claim);
  }

  nodesWithImage(image: string): number {
    return this.#imageNodes.get(image);
  }

  setNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known !== undefined) this.#changeNode(known, node);
    else this.#addNode(new NodeInfo(node));
  }

  removeNode(name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    const pods = new Map(node.pods);
    for (const pod of pods.values()) this.#take(pod, node);
    if (pods.size > 0) this.#homeless.set(name, pods);
    this.#countNode(node, -1);
    this.#nodes.delete(name);
    this.#order.remove(node);
  }

  /** Decided, before the API knows. */
  assume(pod: PodInfo, nodeName: string): void {
    this.#place({ pod, nodeName, assumed: true });
  }

  isAssumed(uid: string): boolean {
    return this.#placed.get(uid)?.assumed === true;
  }

  placeOf(uid: string): string | undefined {
    return this.#placed.get(uid)?.nodeName;
  }

  /** As the API shows it. */
  setPod(pod: PodInfo, nodeName: string): void {
    this.#place({ pod, nodeName, assumed: false });
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    for (const claim of placed.pod.claims) this.#claimUsers.add(claim, -1);
    const node = this.#nodes.get(placed.nodeName);
    if (node !== undefined) {
      this.#take(placed.pod, node);
      return;
    }
    const homeless = this.#homeless.get(placed.nodeName);
    homeless?.delete(uid);
    if (homeless?.size === 0) this.#homeless.delete(placed.nodeName);
  }

  /** Labels of a namespace changed. */
  namespaceChanged(): void {
    this.counters.forgetWide();
  }

  #place(placed: Placed): void {
    const { pod, nodeName } = placed;
    this.removePod(pod.uid);
    this.#placed.set(pod.uid, placed);
    for (const claim of pod.claims) this.#claimUsers.add(claim, 1);
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) {
      this.#put(pod, node);
      return;
    }
    const homeless = this.#homeless.get(nodeName) ?? new Map<string, PodInfo>();
    this.#homeless.set(nodeName, homeless.set(pod.uid, pod));
  }

  #put(pod: PodInfo, node: NodeInfo): void {
    node.add(pod);
    this.#note(pod, node, 1);
  }

  #take(pod: PodInfo, node: NodeInfo): void {
    if (node.remove(pod)) this.#note(pod, node, -1);
  }

  #note(pod: PodInfo, node: NodeInfo, change: 1 | -1): void {
    this.counters.note(pod, node, change);
    this.antiAffinityTerms.note(pod, node, change);
    this.affinityTerms.note(pod, node, change);
    this.preferredTerms.note(pod, node, change);
  }

  #addNode(node: NodeInfo): void {
    this.#nodes.set(node.name, node);
    this.#order.add(node);
    this.#countNode(node, 1);
    const waiting = this.#homeless.get(node.name);
    this.#homeless.delete(node.name);
    for (const pod of waiting?.values() ?? []) this.#put(pod, node);
  }

  #changeNode(node: NodeInfo, next: Node): void {
    if (deepEqual(node.labels, next.metadata.labels)) {
      this.#countImages(node, -1);
      node.node = next;
      this.#countImages(node, 1);
      return;
    }
    const pods = [...node.pods.values()];
    for (const pod of pods) this.#take(pod, node);
    this.#countNode(node, -1);
    node.node = next;
    this.#countNode(node, 1);
    this.#order.moved(node);
    for (const pod of pods) this.#put(pod, node);
  }

  #countNode(node: NodeInfo, change: 1 | -1): void {
    for (const [key, domains] of this.#domains) countLabel(domains, node, key, change);
    this.#countImages(node, change);
  }

  #countImages(node: NodeInfo, change: 1 | -1): void {
    for (const image of node.images.keys()) this.#imageNodes.add(image, change);
  }
}

function countLabel(domains: DomainCounts, node: NodeInfo, key: string, change: 1 | -1): void {
  const value = node.label(key);
  if (value !== undefined) domains.add(value, change);
}
