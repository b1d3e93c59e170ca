import type { AdmissionPlugin } from './admission.ts';
import { persistentVolumeClaimResize } from './claim-resize.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { ResourceQuotaAdmission } from './resource-quota.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';

/** What every write goes through, in upstream's order. The quota is last: nobody may refuse what has been counted. */
export const builtInAdmission = (): readonly AdmissionPlugin[] => [
  namespaceLifecycle,
  defaultStorageClass,
  storageObjectInUseProtection,
  persistentVolumeClaimResize,
  new ResourceQuotaAdmission(),
];
