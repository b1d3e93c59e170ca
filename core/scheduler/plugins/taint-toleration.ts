import type { Node, Taint } from '#core/api/schema/core-v1/node.ts';
import { normalized, unresolvable, type FilterPlugin, type ScorePlugin, type Verdict } from '#core/scheduler/plugin.ts';
import { advisedAgainst, untolerated } from './tolerations.ts';

/** A node that is cordoned carries the taint as well, but says the same under another name. */
function refusal(known: Map<string, Verdict>, { key, value = '' }: Taint): Verdict {
  const text = `node(s) had untolerated taint {${key}: ${value}}`;
  const verdict = known.get(text) ?? unresolvable(text);
  known.set(text, verdict);
  return verdict;
}

/** Nodes with taints that the pod does not tolerate are out; those that advise against it come later. */
export const taintToleration: FilterPlugin & ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  wakes: [
    { on: ['node/add', 'node/taints'], helps: ({ pod }, { object }) => untolerated((object as Node).spec?.taints ?? [], pod.spec.tolerations ?? []) === undefined },
    { on: ['own/tolerations'] },
  ],
  filter({ pod: { spec: { tolerations = [] } } }) {
    const refusals = new Map<string, Verdict>();
    return {
      check({ taints }) {
        if (taints.length === 0) return undefined;
        const taint = untolerated(taints, tolerations);
        return taint === undefined ? undefined : refusal(refusals, taint);
      },
    };
  },
  score({ pod: { spec: { tolerations = [] } } }, nodes) {
    if (nodes.every(({ taints }) => taints.length === 0)) return undefined;
    return normalized(nodes.map(({ taints }) => advisedAgainst(taints, tolerations)), true);
  },
};
