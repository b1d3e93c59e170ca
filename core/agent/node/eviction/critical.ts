import type { Pod } from '#core/api/schema/core-v1/pod.ts';

const systemCritical = 2_000_000_000;

/** Static pods, and pods that the cluster cannot do without: they are not evicted by the node, and are taken in under pressure. */
export const isCritical = ({ metadata: { annotations = {} }, spec: { priority = 0 } }: Pod): boolean =>
  priority >= systemCritical || annotations['kubernetes.io/config.mirror'] !== undefined || (annotations['kubernetes.io/config.source'] ?? 'api') !== 'api';
