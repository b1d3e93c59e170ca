import { unresolvable, type FilterPlugin } from '#core/scheduler/plugin.ts';

const otherNode = unresolvable("node(s) didn't match the requested node name");

/** A pod that names its node. */
export const nodeName: FilterPlugin = {
  name: 'NodeName',
  wakes: [{ on: ['node/add'] }],
  filter({ pod: { spec } }) {
    const wanted = spec.nodeName ?? '';
    if (wanted === '') return undefined;
    return { check: (node) => (node.name === wanted ? undefined : otherNode) };
  },
};
