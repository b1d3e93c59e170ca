import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { finalizers } from '#core/api/storage/names.ts';
import type { AdmissionPlugin } from './admission.ts';

/** Claims and volumes are born with the finalizer that keeps them while they are used; a controller takes it off. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ operation, object, subresource }) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined) return;
    const finalizer = isKindOf(object, PersistentVolumeClaim) ? finalizers.claimProtection : isKindOf(object, PersistentVolume) ? finalizers.volumeProtection : undefined;
    if (finalizer === undefined || object.metadata.finalizers?.includes(finalizer)) return;
    object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer];
  },
};
