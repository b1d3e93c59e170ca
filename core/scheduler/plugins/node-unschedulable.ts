import type { Node } from '#core/api/schema/core-v1/node.ts';
import { unresolvable, type FilterPlugin } from '#core/scheduler/plugin.ts';
import { toleratesCordon } from './tolerations.ts';

const cordoned = unresolvable('node(s) were unschedulable');

/** Nodes that are cordoned. */
export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  wakes: [
    { on: ['node/add', 'node/taints'], helps: (_pod, { object }) => (object as Node).spec?.unschedulable !== true },
    { on: ['own/tolerations'] },
  ],
  filter({ pod: { spec } }) {
    const tolerated = toleratesCordon(spec.tolerations ?? []);
    return tolerated ? undefined : { check: ({ node }) => (node.spec?.unschedulable === true ? cordoned : undefined) };
  },
};
