import type { NodeInfo } from './model/node-info.ts';
import type { Verdict } from './plugin.ts';

/** Why a pod could not be scheduled. */
export interface Diagnosis {
  /** How many nodes there are. */
  readonly nodes: number;
  /** Those that were looked at. */
  readonly verdicts: ReadonlyMap<NodeInfo, Verdict>;
  /** What holds for all others. */
  readonly others?: Verdict | undefined;
  /** What holds for every node, and was known before any was looked at. */
  readonly rejection?: Verdict | undefined;
  /** Names of the plugins that turned it away: what they wait for may wake the pod. */
  readonly plugins: ReadonlySet<string>;
}

/** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.`, and what came of the attempt to make room. */
export function sentence({ nodes, verdicts, others, rejection }: Diagnosis, preemption = ''): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const reasons = rejection === undefined ? histogram(nodes, verdicts, others) : rejection.reasons;
  const why = reasons.length === 0 ? '' : ` ${reasons.join(', ')}.`;
  return `0/${nodes} nodes are available:${why}${preemption === '' ? '' : ` preemption: ${preemption}`}`;
}

function histogram(nodes: number, verdicts: Diagnosis['verdicts'], others: Verdict | undefined): readonly string[] {
  const counts = new Map<string, number>();
  const count = (reason: string, by: number): unknown => counts.set(reason, (counts.get(reason) ?? 0) + by);
  for (const { reasons } of verdicts.values()) for (const reason of reasons) count(reason, 1);
  if (verdicts.size < nodes) for (const reason of others?.reasons ?? []) count(reason, nodes - verdicts.size);
  return [...counts].map(([reason, number]) => `${number} ${reason}`).toSorted();
}
