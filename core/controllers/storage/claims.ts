import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { Quantity } from '#core/api/quantity.ts';
import { annotations, finalizers } from '#core/api/storage/names.ts';

export const annotationOf = (object: KubernetesObject, key: string): string | undefined => object.metadata.annotations?.[key];
export const hasFinalizer = (object: KubernetesObject, name: string): boolean => object.metadata.finalizers?.includes(name) === true;
export const isDeleting = (object: KubernetesObject): boolean => object.metadata.deletionTimestamp !== undefined;

/** The class that a claim asks for: '' for none, undefined when it leaves the choice to the default. */
export const classOfClaim = (claim: PersistentVolumeClaim): string | undefined =>
  annotationOf(claim, annotations.betaClass) ?? claim.spec.storageClassName;

export const classOfVolume = (volume: PersistentVolume): string =>
  annotationOf(volume, annotations.betaClass) ?? volume.spec.storageClassName ?? '';

const storageBytes = (amounts: Readonly<Record<string, string>> | undefined): bigint | undefined => {
  const text = amounts?.['storage'];
  return text === undefined ? undefined : Quantity.parse(text).value();
};

export const requestOf = (claim: PersistentVolumeClaim): bigint => storageBytes(claim.spec.resources.requests) ?? 0n;
export const limitOf = (claim: PersistentVolumeClaim): bigint | undefined => storageBytes(claim.spec.resources.limits);
export const capacityOf = (volume: PersistentVolume): bigint => storageBytes(volume.spec.capacity) ?? 0n;

/** Bound once, and for good: what became of it since does not matter. */
export const isBindCompleted = (claim: PersistentVolumeClaim): boolean => annotationOf(claim, annotations.bindCompleted) !== undefined;

/** The volume with which the claim is, or wants to be, bound; '' for any. */
export const volumeNameOf = (claim: PersistentVolumeClaim): string => claim.spec.volumeName ?? '';

/** The name under which a volume for this claim is made: no other claim, before or after, has it. */
export const provisionedName = (claim: PersistentVolumeClaim): string => `pvc-${claim.metadata.uid}`;

/** The queue key of the claim that a volume points at; undefined when it points at none. */
export function claimKeyOf(volume: PersistentVolume): string | undefined {
  const { claimRef } = volume.spec;
  return claimRef === undefined ? undefined : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`;
}

/** Whether the volume is the claim's: bound to it, or kept for a claim of its name by whoever wrote the reference without a UID. */
export function refersTo(volume: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = volume.spec;
  if (claimRef === undefined || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return claimRef.uid === undefined || claimRef.uid === '' || claimRef.uid === metadata.uid;
}

export const hasIntent = (claim: PersistentVolumeClaim): boolean => hasFinalizer(claim, finalizers.intent);

/** Waits for a volume, whichever it may be. */
export const wantsAnyVolume = (claim: PersistentVolumeClaim): boolean =>
  !isDeleting(claim) && !isBindCompleted(claim) && volumeNameOf(claim) === '';
