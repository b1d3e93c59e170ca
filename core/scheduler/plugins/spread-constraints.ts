import type { TopologySpreadConstraint } from '#core/api/schema/core-v1/affinity.ts';
import { matcherInNamespace, narrowed, type PodMatcher } from '#core/scheduler/model/affinity-term.ts';
import type { Cluster } from '#core/scheduler/model/cluster.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { requiredNodes, type NodeMatcher } from '#core/scheduler/model/node-matcher.ts';
import type { PodCounter } from '#core/scheduler/model/pod-counter.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { untolerated } from './tolerations.ts';

/** One rule of a pod about how pods like it spread. */
export interface SpreadRule {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly matcher: PodMatcher;
  /** Counts pods on nodes by this rule. */
  readonly counter: PodCounter;
  /** Which nodes are counted; undefined when all are. */
  readonly includes: NodeMatcher | undefined;
}

export function spreadRule(pod: PodInfo, constraint: TopologySpreadConstraint, cluster: Cluster): SpreadRule {
  const { topologyKey, maxSkew, minDomains = 1, labelSelector, matchLabelKeys } = constraint;
  const matcher = matcherInNamespace(pod.namespace, narrowed(labelSelector, pod.labels, matchLabelKeys));
  return { topologyKey, maxSkew, minDomains, matcher, counter: cluster.counters.of(matcher, { skipsTerminating: true }), includes: inclusion(pod, constraint) };
}

function inclusion({ pod }: PodInfo, { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' }: TopologySpreadConstraint): NodeMatcher | undefined {
  const isMeant = nodeAffinityPolicy === 'Honor' ? requiredNodes(pod) : undefined;
  if (nodeTaintsPolicy !== 'Honor') return isMeant;
  const { tolerations = [] } = pod.spec;
  return (node) => (isMeant === undefined || isMeant(node)) && untolerated(node.taints, tolerations) === undefined;
}

export const hasAllKeys = (node: NodeInfo, rules: readonly SpreadRule[]): boolean => rules.every(({ topologyKey }) => node.label(topologyKey) !== undefined);

/** Whether every node counts for every rule, so that the sums that are kept will do. */
export const countsEverywhere = (rules: readonly SpreadRule[], cluster: Cluster): boolean =>
  rules.every(({ topologyKey, includes }) => includes === undefined && cluster.domains(topologyKey).total === cluster.nodes.length);

/** Matching pods by place, of nodes that count. */
export function countByNode(rules: readonly SpreadRule[], cluster: Cluster, needsAllKeys: boolean): readonly Map<string, number>[] {
  const counts = rules.map(() => new Map<string, number>());
  for (const node of cluster.nodes) {
    if (needsAllKeys && !hasAllKeys(node, rules)) continue;
    for (const [i, { topologyKey, includes, counter }] of rules.entries()) {
      if (includes !== undefined && !includes(node)) continue;
      const value = node.label(topologyKey) ?? '';
      counts[i]?.set(value, (counts[i].get(value) ?? 0) + counter.on(node));
    }
  }
  return counts;
}
