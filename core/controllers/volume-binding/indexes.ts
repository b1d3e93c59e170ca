import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { claimKeyOf, classOfClaim, isBindCompleted, isDeleting, volumeNameOf } from '#core/controllers/storage/claims.ts';

/** Volumes by the claim that they point at. */
export const volumesOfClaim = {
  name: 'volumes-of-claim',
  of: (volume: PersistentVolume): string[] => {
    const key = claimKeyOf(volume);
    return key === undefined ? [] : [key];
  },
};

/** Claims by the volume that they name. */
export const claimsOfVolume = {
  name: 'claims-of-volume',
  of: (claim: PersistentVolumeClaim): string[] => (volumeNameOf(claim) === '' ? [] : [volumeNameOf(claim)]),
};

/** Under this value stand the claims that leave the choice of a class to the default; no class has such a name. */
export const noClass = '(default)';

/** Claims that wait for any volume, by class. */
export const waitingClaims = {
  name: 'waiting-claims-of-class',
  of: (claim: PersistentVolumeClaim): string[] =>
    isBindCompleted(claim) || isDeleting(claim) || volumeNameOf(claim) !== '' ? [] : [classOfClaim(claim) ?? noClass],
};
