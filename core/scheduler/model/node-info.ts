import type { Labels } from '#core/api/label-selector.ts';
import type { Node, Taint } from '#core/api/schema/core-v1/node.ts';
import type { PodInfo } from './pod-info.ts';
import { Resources } from './resources.ts';

const noTaints: readonly Taint[] = [];

/** A node with the pods on it, those that are only assumed to be there included. */
export class NodeInfo {
  readonly name: string;
  readonly pods = new Map<string, PodInfo>();
  readonly requested = new Resources();
  guessedCpu = 0;
  guessedMemory = 0;
  /** How many of the pods take ports of the node. */
  podsWithPorts = 0;
  #node: Node;
  #allocatable: Resources;
  #mostPods: number;
  #images: ReadonlyMap<string, number> | undefined;

  constructor(node: Node) {
    this.name = node.metadata.name;
    this.#node = node;
    this.#allocatable = Resources.of(node.status?.allocatable);
    this.#mostPods = this.#allocatable.get('pods');
  }

  get node(): Node {
    return this.#node;
  }

  set node(node: Node) {
    this.#node = node;
    this.#allocatable = Resources.of(node.status?.allocatable);
    this.#mostPods = this.#allocatable.get('pods');
    this.#images = undefined;
  }

  get labels(): Labels {
    return this.#node.metadata.labels;
  }

  get taints(): readonly Taint[] {
    return this.#node.spec?.taints ?? noTaints;
  }

  get allocatable(): Resources {
    return this.#allocatable;
  }

  /** How many pods it can have. */
  get mostPods(): number {
    return this.#mostPods;
  }

  /** Size in bytes of each image that is on the node, by all its names. */
  get images(): ReadonlyMap<string, number> {
    return (this.#images ??= new Map((this.#node.status?.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [name, Number(sizeBytes)] as const))));
  }

  label(key: string): string | undefined {
    const labels = this.#node.metadata.labels;
    return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  }

  add(pod: PodInfo): void {
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
  }

  remove(pod: PodInfo): boolean {
    if (!this.pods.delete(pod.uid)) return false;
    this.#count(pod, -1);
    return true;
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    this.requested.add(pod.requests.total, sign);
    this.guessedCpu += sign * pod.requests.guessedCpu;
    this.guessedMemory += sign * pod.requests.guessedMemory;
    if (pod.ports.length > 0) this.podsWithPorts += sign;
  }
}
