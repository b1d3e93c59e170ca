import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
import { finalizers } from '#core/api/storage/names.ts';
import type { AdmissionPlugin } from './admission.ts';

/** Claims, volumes and classes of attributes are born with the finalizer that keeps them while they are used; a controller takes it off. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ operation, object, subresource }) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined) return;
    const finalizer = finalizerOf(object);
    if (finalizer === undefined || object.metadata.finalizers?.includes(finalizer)) return;
    object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer];
  },
};

function finalizerOf(object: KubernetesObject): string | undefined {
  if (isKindOf(object, PersistentVolumeClaim)) return finalizers.claimProtection;
  if (isKindOf(object, PersistentVolume)) return finalizers.volumeProtection;
  return isKindOf(object, VolumeAttributesClass) ? finalizers.attributesClassProtection : undefined;
}
