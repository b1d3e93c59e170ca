import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf } from '#core/client/client.ts';
import { classOfClaim, hasIntent, isDeleting, wantsAnyVolume } from '#core/controllers/storage/claims.ts';
import { annotations } from '#core/api/storage/names.ts';
import { provisionerOf } from './attempt.ts';

/** A volume was asked for, or will be. */
export const isPending = (claim: PersistentVolumeClaim): boolean => hasIntent(claim) || (provisionerOf(claim) !== undefined && wantsAnyVolume(claim));

/** Claims to look at again when their class appears or changes. */
export const pendingClaims = {
  name: 'claims-to-provision-of-class',
  of: (claim: PersistentVolumeClaim): string[] => (isPending(claim) ? [classOfClaim(claim) ?? ''] : []),
};

/** As `pendingClaims`, for VolumeAttributesClasses. */
export const pendingClaimsOfAttributes = {
  name: 'claims-to-provision-with-attributes',
  of: (claim: PersistentVolumeClaim): string[] => (isPending(claim) && claim.spec.volumeAttributesClassName !== undefined ? [claim.spec.volumeAttributesClassName] : []),
};

/** The claim's key after a change by somebody else: what this controller itself writes on a claim is no reason to look at it again. */
export function claimKeys(claim: PersistentVolumeClaim | undefined, previous: PersistentVolumeClaim | undefined): readonly string[] {
  if (claim === undefined || !isPending(claim)) return [];
  return previous !== undefined && isSameTask(claim, previous) ? [] : [keyOf(claim)];
}

const isSameTask = (a: PersistentVolumeClaim, b: PersistentVolumeClaim): boolean =>
  isDeleting(a) === isDeleting(b) && a.spec.volumeName === b.spec.volumeName &&
  deepEqual({ ...a.metadata.annotations, [annotations.intent]: undefined }, { ...b.metadata.annotations, [annotations.intent]: undefined }) &&
  deepEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {}) && deepEqual(a.spec, b.spec);
