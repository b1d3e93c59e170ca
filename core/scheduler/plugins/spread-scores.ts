import type { Cluster } from '#core/scheduler/model/cluster.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { highestScore } from '#core/scheduler/plugin.ts';
import { countByNode, countsEverywhere, hasAllKeys, type SpreadRule } from './spread-constraints.ts';

const hostname = 'kubernetes.io/hostname';

/**
 * Nodes in places with few matching pods score high. Rules over many places count more, by the logarithm of their number, so that nodes
 * are not drowned out by zones. With `needsAllKeys`, nodes that lack a label of some rule get nothing.
 */
export function spreadScores(rules: readonly SpreadRule[], nodes: readonly NodeInfo[], cluster: Cluster, needsAllKeys: boolean): readonly number[] {
  const isScored = (node: NodeInfo): boolean => !needsAllKeys || hasAllKeys(node, rules);
  const scored = nodes.filter(isScored);
  const weights = rules.map(({ topologyKey }) => Math.log(2 + (topologyKey === hostname ? scored.length : new Set(scored.map((node) => node.label(topologyKey) ?? '')).size)));
  const counts = podsAt(rules, cluster, needsAllKeys);
  const raw = nodes.map((node) => {
    if (!isScored(node)) return undefined;
    let sum = 0;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i];
      const value = rule === undefined ? undefined : node.label(rule.topologyKey);
      if (rule !== undefined && value !== undefined) sum += (counts[i]?.(node, value) ?? 0) * (weights[i] ?? 0) + rule.maxSkew - 1;
    }
    return Math.round(sum);
  });
  return inverted(raw);
}

/** For each rule, the matching pods in a node's place. */
function podsAt(rules: readonly SpreadRule[], cluster: Cluster, needsAllKeys: boolean): readonly ((node: NodeInfo, value: string) => number)[] {
  const broad = rules.filter(({ topologyKey }) => topologyKey !== hostname);
  const byNode = countsEverywhere(broad, cluster) ? undefined : countByNode(rules, cluster, needsAllKeys);
  return rules.map(({ topologyKey, counter }, i) => {
    if (topologyKey === hostname) return (node) => counter.on(node);
    if (byNode !== undefined) return (_node, value) => byNode[i]?.get(value) ?? 0;
    const domains = counter.in(topologyKey);
    return (_node, value) => domains.get(value);
  });
}

/** The fewest pods become the highest score. */
function inverted(raw: readonly (number | undefined)[]): readonly number[] {
  let least = Infinity;
  let most = 0;
  for (const value of raw) {
    if (value === undefined) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return raw.map((value) => {
    if (value === undefined) return 0;
    return most === 0 ? highestScore : Math.floor((highestScore * (most + least - value)) / most);
  });
}
