import { CSIDriver, StorageClass } from '#core/api/schema/storage-v1.ts';
import { bootstrapObject, type BootstrapObject } from '#core/spi/bootstrap-object.ts';

/**
 * What makes a fresh cluster give out volumes of this machine: the class that claims get by default, and the driver's own object.
 * Binding is immediate: no pods run here yet whose node a volume could wait for.
 */
export const localBootstrapObjects = (driver: string): readonly BootstrapObject[] => [
  bootstrapObject(StorageClass, {
    metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: driver, reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', allowVolumeExpansion: true,
  }),
  bootstrapObject(CSIDriver, {
    metadata: { name: driver },
    spec: { attachRequired: false, podInfoOnMount: false, storageCapacity: true, volumeLifecycleModes: ['Persistent'], fsGroupPolicy: 'File' },
  }),
];
