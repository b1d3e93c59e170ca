import type { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { availableAt } from '#core/controllers/replica-set/active-pod.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import { hashLabel, targetNode } from './daemon-pod.ts';
import { verdictOn, type Verdict } from './node-verdict.ts';

export interface SurveyParts {
  readonly set: DaemonSet;
  /** Of the set's present template. */
  readonly hash: string;
  readonly nodes: Iterable<Node>;
  /** The set's own. */
  readonly pods: readonly Pod[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What there is to do. */
export interface Steps {
  /** Names of nodes that should get a pod. */
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
}

/** Where a set's pods are and should be, at one moment. */
export class Survey {
  readonly set: DaemonSet;
  readonly now: number;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Without those that have ended and are on their way out: they are in nobody's way any more. The oldest comes first. */
  readonly podsByNode: ReadonlyMap<string, readonly Pod[]>;
  readonly #hash: string;

  constructor({ set, hash, nodes, pods, now }: SurveyParts) {
    this.set = set;
    this.now = now;
    this.#hash = hash;
    this.verdicts = new Map(Array.from(nodes, (node) => [node.metadata.name, verdictOn(node, set)]));
    const byNode = Map.groupBy(pods.filter((pod) => !(isTerminated(pod) && isDeleting(pod))), (pod) => targetNode(pod) ?? '');
    byNode.delete('');
    this.podsByNode = new Map(Array.from(byNode, ([node, own]) => [node, own.toSorted(byStart)]));
  }

  /** How many nodes should run the pod. */
  get desired(): number {
    return [...this.verdicts.values()].filter((verdict) => verdict === 'run').length;
  }

  isUpdated({ metadata }: Pod): boolean {
    return metadata.labels?.[hashLabel] === this.#hash;
  }

  isAvailable(pod: Pod | undefined): boolean {
    return pod !== undefined && (availableAt(pod, this.set.spec.minReadySeconds ?? 0) ?? Infinity) <= this.now;
  }
}

/** Pods that are on a node already come first, then the older ones. */
function byStart(a: Pod, b: Pod): number {
  const bound = Number(Boolean(b.spec.nodeName)) - Number(Boolean(a.spec.nodeName));
  return bound || compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') || compare(a.metadata.name, b.metadata.name);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
