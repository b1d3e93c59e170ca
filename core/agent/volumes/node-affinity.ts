import { matchesAnyTerm, type NodeFacts } from '#core/api/node-selector.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';

/** Whether the volume can be reached from the node. */
export const isReachable = ({ spec: { nodeAffinity } }: PersistentVolume, node: NodeFacts): boolean =>
  nodeAffinity?.required === undefined || matchesAnyTerm(nodeAffinity.required.nodeSelectorTerms ?? [], node);
