import { Node, type Taint } from '#core/api/schema/core-v1/node.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { AdmissionPlugin } from './admission.ts';

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** A new node takes no pods before a controller has seen that it is ready; otherwise some could get there in between. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate({ operation, object, subresource }) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined || !isKindOf(object, Node)) return;
    const { taints = [] } = object.spec;
    if (!taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) object.spec.taints = [...taints, { ...notReady }];
  },
};
