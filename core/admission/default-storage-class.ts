import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { defaultClass } from '#core/api/storage/default-class.ts';
import { annotations } from '#core/api/storage/names.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin } from './admission.ts';

/** A claim that names no class gets the default one: the newest of several, by name among equals. An empty name asks for none. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  mutate({ operation, object, subresource }, objects) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined || !isKindOf(object, PersistentVolumeClaim)) return;
    if (object.spec.storageClassName !== undefined || object.metadata.annotations?.[annotations.betaClass] !== undefined) return;
    const found = defaultClass(classes(objects));
    if (found !== undefined) object.spec.storageClassName = found.metadata.name;
  },
};

function* classes(objects: ObjectStore): IterableIterator<StorageClass> {
  for (const [, candidate] of objects.cache(StorageClass).range('')) if (isKindOf(candidate, StorageClass)) yield candidate;
}
