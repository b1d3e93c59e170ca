import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** What pods that no API gave carry, and what shows them there. */
export const annotations = {
  mirror: 'kubernetes.io/config.mirror',
  hash: 'kubernetes.io/config.hash',
  source: 'kubernetes.io/config.source',
  seen: 'kubernetes.io/config.seen',
} as const;

/** Undefined for a pod that mirrors none. */
export const mirroredHash = ({ metadata }: Pod): string | undefined => metadata.annotations?.[annotations.mirror];
export const hashOf = ({ metadata }: Pod): string => metadata.annotations?.[annotations.hash] ?? '';
export const isStaticPod = ({ metadata }: Pod): boolean => {
  const source = metadata.annotations?.[annotations.source];
  return source !== undefined && source !== 'api';
};

/** `namespace/name` */
export const fullName = ({ metadata: { namespace = '', name } }: Pod): string => `${namespace}/${name}`;
