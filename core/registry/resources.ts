import { configMaps } from './configmaps.ts';
import { csiDrivers } from './csidrivers.ts';
import { csiNodes } from './csinodes.ts';
import { csiStorageCapacities } from './csistoragecapacities.ts';
import { eventsK8sIo } from './events-k8s-io.ts';
import { events } from './events.ts';
import { leases } from './leases.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { persistentVolumeClaims } from './persistentvolumeclaims.ts';
import { persistentVolumes } from './persistentvolumes.ts';
import { pods } from './pods.ts';
import type { AnyResource } from './resource.ts';
import { resourceQuotas } from './resourcequotas.ts';
import { secrets } from './secrets.ts';
import { serviceAccounts } from './serviceaccounts.ts';
import { storageClasses } from './storageclasses.ts';
import { volumeAttachments } from './volumeattachments.ts';

/** Every kind that the server knows by itself. */
export const builtInResources: readonly AnyResource[] = [
  configMaps, events, namespaces, nodes, persistentVolumeClaims, persistentVolumes, pods, resourceQuotas, secrets, serviceAccounts,
  leases,
  eventsK8sIo,
  csiDrivers, csiNodes, csiStorageCapacities, storageClasses, volumeAttachments,
];
