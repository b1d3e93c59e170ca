import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { claimKeyOf, isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated, podsOfClaim } from '#core/controllers/storage/pods.ts';
import type { Informer } from '#core/reconcile/informer.ts';

/** On a node, and not over: a pod that goes and of which no container runs any more needs no volume. */
export function needsVolumes(pod: Pod): boolean {
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '' || isTerminated(pod)) return false;
  return !isDeleting(pod) || (pod.status.containerStatuses ?? []).some(({ state }) => state?.running !== undefined);
}

/** Whether a change of the pod changes nothing for its volumes. */
export const isSameUse = (a: Pod, b: Pod): boolean => a.spec.nodeName === b.spec.nodeName && needsVolumes(a) === needsVolumes(b);

export interface UsersParts {
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly pods: Informer<Pod>;
}

/** The pods that need the volume by their nodes; the node whose pod came first is the first. */
export function usersOf(volume: PersistentVolume, { claims, pods }: UsersParts): ReadonlyMap<string, readonly Pod[]> {
  const key = claimKeyOf(volume);
  const claim = key === undefined ? undefined : claims.get(key);
  const users = new Map<string, Pod[]>();
  if (key === undefined || claim === undefined || claim.spec.volumeName !== volume.metadata.name || claim.metadata.uid !== volume.spec.claimRef?.uid) return users;
  for (const pod of pods.byIndex(podsOfClaim.name, key).filter(needsVolumes).toSorted(byAge)) {
    const node = pod.spec.nodeName ?? '';
    const beside = users.get(node);
    if (beside === undefined) users.set(node, [pod]);
    else beside.push(pod);
  }
  return users;
}

const ageOf = ({ metadata: { creationTimestamp, uid } }: Pod): string => `${creationTimestamp} ${uid}`;
const byAge = (a: Pod, b: Pod): number => (ageOf(a) < ageOf(b) ? -1 : 1);
