import type { Node, NodeCondition } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** What the node says of itself, or what was written for it when it fell silent; undefined before it has said anything. */
export const readyOf = ({ status }: Node): NodeCondition | undefined => status.conditions?.find(({ type }) => type === 'Ready');

export const isNodeReady = (node: Node): boolean => readyOf(node)?.status === 'True';

export const isPodReady = ({ status }: Pod): boolean => status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
