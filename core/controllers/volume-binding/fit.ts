import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { capacityOf, classOfClaim, classOfVolume, requestOf } from '#core/controllers/storage/claims.ts';

export const modeOf = (object: PersistentVolume | PersistentVolumeClaim): string => object.spec.volumeMode ?? 'Filesystem';

const attributesOf = (object: PersistentVolume | PersistentVolumeClaim): string => object.spec.volumeAttributesClassName ?? '';

const offersModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode));

/** Why a claim cannot have the volume although one of them names the other; undefined when it can. Classes are not compared. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (capacityOf(volume) < requestOf(claim)) return 'requested PV is too small';
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode';
  if (!offersModes(volume, claim)) return 'incompatible accessMode';
  return attributesOf(volume) === attributesOf(claim) ? undefined : 'VolumeAttributesClass does not match';
}

/** As `mismatch`, for a claim that names a volume which names no claim. */
export const mismatchOfNamed = (volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined =>
  classOfVolume(volume) === (classOfClaim(claim) ?? '') ? mismatch(volume, claim) : 'storageClassName does not match';
