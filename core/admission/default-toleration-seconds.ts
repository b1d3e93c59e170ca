import type { Toleration } from '#core/api/schema/core-v1/affinity.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { AdmissionPlugin } from './admission.ts';

const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const tolerationSeconds = 300;

const covers = ({ key: own = '', effect }: Toleration, key: string): boolean => (own === '' || own === key) && (effect === undefined || effect === 'NoExecute');

/** A pod that says nothing of it stays five minutes on a node that is not ready or cannot be reached. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate({ operation, object, subresource }) {
    if (operation === 'DELETE' || subresource !== '' || object === undefined || !isKindOf(object, Pod)) return;
    const { tolerations = [] } = object.spec;
    const missing = keys.filter((key) => !tolerations.some((toleration) => covers(toleration, key)));
    if (missing.length === 0) return;
    object.spec.tolerations = [...tolerations, ...missing.map((key) => ({ key, operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds }))];
  },
};
