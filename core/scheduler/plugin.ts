import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { NodeInfo } from './model/node-info.ts';
import type { PodInfo } from './model/pod-info.ts';

/** Why a pod cannot be on a node. */
export interface Verdict {
  /** As in events, for one node each: `node(s) were unschedulable`. */
  readonly reasons: readonly string[];
  /** Whether it could change when pods leave the node. */
  readonly resolvable: boolean;
}

/** Pods that leave the node could change this. */
export const unschedulable = (...reasons: readonly string[]): Verdict => ({ reasons, resolvable: true });
/** Pods that leave the node do not change this. */
export const unresolvable = (...reasons: readonly string[]): Verdict => ({ reasons, resolvable: false });

/** The rules of one plugin for one pod, with all that could be worked out before looking at nodes. */
export interface NodeFilter {
  /** Undefined when the pod may be on the node. Called for thousands of nodes. */
  check(node: NodeInfo): Verdict | undefined;
  /** Names of the only nodes that can do; all when undefined. */
  readonly only?: ReadonlySet<string>;
  /** From now on as if that pod, too, were on the node, or were not. Each is taken back by the other. */
  added?(pod: PodInfo, node: NodeInfo): void;
  removed?(pod: PodInfo, node: NodeInfo): void;
}

/** No node can do. */
export interface Rejection {
  readonly rejected: Verdict;
}
export const rejection = (verdict: Verdict): Rejection => ({ rejected: verdict });

/** Something that happened and may let a pod be scheduled that could not be. */
export const clusterEvents = [
  'node/add', 'node/allocatable', 'node/labels', 'node/taints',
  'pod/add', 'pod/labels', 'pod/scale-down', 'pod/delete',
  'own/labels', 'own/scale-down', 'own/tolerations', 'own/gates',
  'namespace/labels', 'claim/add', 'claim/update', 'claim/delete', 'volume/add', 'volume/update', 'class/add', 'class/update',
  'csi-node/add', 'csi-node/update', 'csi-driver/add', 'csi-driver/update', 'capacity/add', 'capacity/update', 'attachment/delete',
] as const;
export type ClusterEventKind = (typeof clusterEvents)[number];

/** `own/…` is about the waiting pod itself, `pod/…` about pods on nodes. */
export interface ClusterEvent {
  readonly kind: ClusterEventKind;
  readonly object: KubernetesObject;
  readonly previous?: KubernetesObject | undefined;
}

/** Wakes pods that the plugin turned away; all of them when it does not look closer. */
export interface Wake {
  readonly on: readonly ClusterEventKind[];
  helps?(pod: PodInfo, event: ClusterEvent): boolean;
}

interface Plugin {
  readonly name: string;
}

export interface FilterPlugin extends Plugin {
  /** What may change the plugin's mind. */
  readonly wakes: readonly Wake[];
  /** Undefined when the plugin has nothing to say about this pod. */
  filter(pod: PodInfo): NodeFilter | Rejection | undefined;
}

export interface ScorePlugin extends Plugin {
  /** By how much its scores count. */
  readonly weight: number;
  /** One number from 0 to 100 for each node, in order; undefined when it does not tell them apart. */
  score(pod: PodInfo, nodes: readonly NodeInfo[]): readonly number[] | undefined;
}

export const highestScore = 100;

/** Numbers from 0 up, as scores: the largest becomes 100, or 0 when little is good. */
export function normalized(values: readonly number[], littleIsGood = false): readonly number[] {
  const most = Math.max(0, ...values);
  if (most === 0) return values.map(() => (littleIsGood ? highestScore : 0));
  return values.map((value) => {
    const score = Math.floor((value * highestScore) / most);
    return littleIsGood ? highestScore - score : score;
  });
}
