import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** Succeeded or failed, for good. */
export const isTerminated = (pod: Pod): boolean => pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';

/** The claims, as `namespace/name`, that a pod mounts: those it names, and those made together with it. */
export function claimsOfPod({ metadata: { namespace = '', name }, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [`${namespace}/${volume.persistentVolumeClaim.claimName}`];
    return volume.ephemeral === undefined ? [] : [`${namespace}/${name}-${volume.name}`];
  });
}

/** Pods that have not ended, by the claims that they mount. */
export const podsOfClaim = {
  name: 'pods-of-claim',
  of: (pod: Pod): string[] => (isTerminated(pod) ? [] : claimsOfPod(pod)),
};
