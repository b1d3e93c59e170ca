import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin } from './admission.ts';

const defaultMarks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
const oldClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

export const isDefaultClass = (object: KubernetesObject): boolean => defaultMarks.some((mark) => object.metadata.annotations?.[mark] === 'true');

/** A claim that names no class gets the default one: the newest of several, by name among equals. An empty name asks for none. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  mutate({ operation, object, subresource }, objects) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined || !isKindOf(object, PersistentVolumeClaim)) return;
    if (object.spec.storageClassName !== undefined || object.metadata.annotations?.[oldClassAnnotation] !== undefined) return;
    const found = newestDefault(objects);
    if (found !== undefined) object.spec.storageClassName = found;
  },
};

function newestDefault(objects: ObjectStore): string | undefined {
  let best: KubernetesObject | undefined;
  for (const [, candidate] of objects.cache(StorageClass).range('')) {
    if (isDefaultClass(candidate) && (best === undefined || candidate.metadata.creationTimestamp > best.metadata.creationTimestamp)) best = candidate;
  }
  return best?.metadata.name;
}
