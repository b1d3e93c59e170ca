import { claimOfVolume } from '#core/api/pod-references.ts';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import { classOf, isBound } from './claims.ts';
import type { StorageView } from './storage-view.ts';

/** The claims of a pod by how they stand, or why the pod cannot have them wherever it goes. */
export type PodClaims =
  | { readonly problem: string }
  | { readonly problem: undefined; readonly bound: readonly PersistentVolumeClaim[]; readonly waiting: readonly PersistentVolumeClaim[] };

export function podClaims(pod: Pod, view: StorageView): PodClaims {
  const bound: PersistentVolumeClaim[] = [];
  const waiting: PersistentVolumeClaim[] = [];
  let isImmediate = false;
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimOfVolume(pod, volume);
    if (name === undefined) continue;
    const claim = view.claims.get(`${pod.metadata.namespace ?? ''}/${name}`);
    const problem = problemOf(pod, volume, name, claim);
    if (problem !== undefined) return { problem };
    if (claim === undefined) continue;
    if (isBound(claim)) bound.push(claim);
    else if (waitsForConsumer(claim, view)) waiting.push(claim);
    else if (isClassMissing(claim, view)) return { problem: `storageclass.storage.k8s.io "${classOf(claim)}" not found` };
    else isImmediate = true;
  }
  return isImmediate ? { problem: 'pod has unbound immediate PersistentVolumeClaims' } : { problem: undefined, bound, waiting };
}

function problemOf({ metadata }: Pod, { ephemeral }: Volume, name: string, claim: PersistentVolumeClaim | undefined): string | undefined {
  if (claim === undefined) {
    return ephemeral === undefined ? `persistentvolumeclaim "${name}" not found` : `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
  }
  if (claim.status?.phase === 'Lost') return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`;
  if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`;
  const isOurs = claim.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === metadata.uid) === true;
  if (ephemeral === undefined || isOurs) return undefined;
  const namespace = metadata.namespace ?? '';
  return `PVC ${namespace}/${name} was not created for pod ${namespace}/${metadata.name} (pod is not owner)`;
}

const isClassMissing = (claim: PersistentVolumeClaim, view: StorageView): boolean => classOf(claim) !== '' && view.class(classOf(claim)) === undefined;

/** A claim that names its volume is somebody else's to bind. */
const waitsForConsumer = (claim: PersistentVolumeClaim, view: StorageView): boolean =>
  (claim.spec.volumeName ?? '') === '' && view.class(classOf(claim))?.volumeBindingMode === 'WaitForFirstConsumer';
