import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '#core/api/schema/core-v1/persistent-volume.ts';
import { apiVersionOf, type Draft } from '#core/api/schema/kind.ts';
import { Quantity } from '#core/api/quantity.ts';
import { annotations, finalizers } from '#core/api/storage/names.ts';
import type { CreateVolumeRequest, TopologySegment, Volume } from '#core/spi/volume-driver.ts';
import type { Attempt } from './attempt.ts';

const identityKey = 'storage.kubernetes.io/csiProvisionerIdentity';

/** How a volume breaks the driver's law; undefined when it does not. */
export function breach(volume: Volume, { capacity, name }: CreateVolumeRequest): string | undefined {
  if (volume.id === '' || Buffer.byteLength(volume.id) > 128) return `the driver gave volume ${name} the id "${volume.id.slice(0, 128)}", which is not between 1 and 128 bytes long`;
  if (volume.capacity < capacity.required) return `created volume capacity ${volume.capacity} less than requested capacity ${capacity.required}`;
  return capacity.limit !== undefined && volume.capacity > capacity.limit
    ? `created volume capacity ${volume.capacity} more than the limit ${capacity.limit}` : undefined;
}

/** The PersistentVolume for a volume that was made for a claim; bound to it from the start. */
export function volumeObject({ claim, driver, storageClass, request }: Attempt, volume: Volume, instance: string): Draft<PersistentVolume> {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const reclaimPolicy = storageClass.reclaimPolicy ?? 'Delete';
  const { use } = request;
  return {
    metadata: {
      name: request.name,
      annotations: { [annotations.provisionedBy]: request.provisioner },
      finalizers: [finalizers.volumeProtection, ...(reclaimPolicy === 'Delete' ? [finalizers.deletion] : [])],
    },
    spec: {
      capacity: { storage: Quantity.ofBytes(volume.capacity).toString() },
      accessModes: [...use.accessModes],
      volumeMode: use.volumeMode,
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: storageClass.metadata.name,
      ...(request.mutableParameters === undefined ? {} : { volumeAttributesClassName: claim.spec.volumeAttributesClassName }),
      ...(use.mountOptions.length > 0 ? { mountOptions: [...use.mountOptions] } : {}),
      claimRef: { apiVersion: apiVersionOf(PersistentVolumeClaim), kind: PersistentVolumeClaim.kind, namespace, name, uid, resourceVersion },
      ...(volume.topology.length > 0 ? { nodeAffinity: nodeAffinity(volume.topology) } : {}),
      csi: {
        driver: driver.name,
        volumeHandle: volume.id,
        ...(use.volumeMode === 'Filesystem' && use.fsType !== undefined ? { fsType: use.fsType } : {}),
        volumeAttributes: { ...volume.context, [identityKey]: `${instance}-${driver.name}` },
      },
    },
  };
}

/** One term for each segment, of which any will do. */
const nodeAffinity = (segments: readonly TopologySegment[]): NonNullable<PersistentVolumeSpec['nodeAffinity']> => ({
  required: {
    nodeSelectorTerms: segments.map((segment) => ({
      matchExpressions: Object.entries(segment).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    })),
  },
});
