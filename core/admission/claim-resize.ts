import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Quantity } from '#core/api/quantity.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { AdmissionPlugin } from './admission.ts';

/** A claim may grow only when it was provisioned, is bound, and its class allows expansion. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  validate({ operation, resource, subresource, name, object, old }, objects) {
    if (operation !== 'UPDATE' || subresource !== '' || !isClaim(object) || !isClaim(old) || !grows(object, old)) return;
    if (old.status.phase !== 'Bound') throw StatusError.forbidden(resource.kind, name, 'Only bound persistent volume claims can be expanded');
    const found = objects.get(StorageClass, undefined, old.spec.storageClassName ?? '');
    if (found !== undefined && isKindOf(found, StorageClass) && found.allowVolumeExpansion === true) return;
    throw StatusError.forbidden(resource.kind, name, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize');
  },
};

const isClaim = (object: KubernetesObject | undefined): object is PersistentVolumeClaim => object !== undefined && isKindOf(object, PersistentVolumeClaim);

function grows(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const before = old.spec.resources.requests?.['storage'];
  const after = claim.spec.resources.requests?.['storage'];
  return before !== undefined && after !== undefined && Quantity.parse(after).compare(Quantity.parse(before)) > 0;
}
