import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** Pods by the node that they are bound to. */
export const podsOnNode = {
  name: 'pods-on-node',
  of: ({ spec: { nodeName = '' } }: Pod): string[] => (nodeName === '' ? [] : [nodeName]),
};
