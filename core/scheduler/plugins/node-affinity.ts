import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { requiredNodes, termMatcher } from '#core/scheduler/model/node-matcher.ts';
import { normalized, unresolvable, type FilterPlugin, type ScorePlugin } from '#core/scheduler/plugin.ts';

const otherNode = unresolvable("node(s) didn't match Pod's node affinity/selector");

/** Names of the only nodes that the pod's matchFields allow; undefined when some term leaves the name open. */
function namedNodes({ spec: { affinity } }: Pod): ReadonlySet<string> | undefined {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const listed = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values = [] }) => new Set(values));
    const [first] = listed;
    if (first === undefined) return undefined;
    for (const name of first) if (listed.every((one) => one.has(name))) names.add(name);
  }
  return names;
}

function isMeant(pod: Pod, node: Node): boolean {
  const matches = requiredNodes(pod);
  return matches === undefined || matches(new NodeInfo(node));
}

/** nodeSelector, and node affinity: what is required and what is wished for. */
export const nodeAffinity: FilterPlugin & ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  wakes: [{ on: ['node/add', 'node/labels'], helps: ({ pod }, { object }) => isMeant(pod, object as Node) }],
  filter({ pod }) {
    const matches = requiredNodes(pod);
    if (matches === undefined) return undefined;
    const only = namedNodes(pod);
    return { check: (node) => (matches(node) ? undefined : otherNode), ...(only === undefined ? {} : { only }) };
  },
  score({ pod: { spec } }, nodes) {
    const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    // A wish without conditions says nothing.
    const wishes = preferred.flatMap(({ weight, preference }) => {
      const matches = termMatcher(preference);
      return matches === undefined ? [] : [{ weight, matches }];
    });
    if (wishes.length === 0) return undefined;
    return normalized(nodes.map((node) => {
      let sum = 0;
      for (const { weight, matches } of wishes) if (matches(node)) sum += weight;
      return sum;
    }));
  },
};
