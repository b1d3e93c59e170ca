import { createHash } from 'node:crypto';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { annotationOf } from '#core/controllers/storage/claims.ts';

export const attachmentAnnotations = {
  /** The machine that the driver was, or is about to be, asked for; also when the node's CSINode is gone or has become another's. */
  nodeId: 'csi.alpha.kubernetes.io/node-id',
  /** The driver's name for the volume; also when the PersistentVolume is gone. */
  handle: 'keelson.dev/volume-handle',
} as const;

/** The node's agent leaves attaching to a controller. */
export const managedAnnotation = 'volumes.kubernetes.io/controller-managed-attach-detach';

/** What is attached, and by whom. */
export interface VolumeIdentity {
  readonly driver: string;
  readonly handle: string;
}

/** The same for whoever makes it, and for agents that wait for it. */
export const attachmentName = ({ driver, handle }: VolumeIdentity, node: string): string => `csi-${createHash('sha256').update(`${handle}${driver}${node}`).digest('hex')}`;

/** Until it is gone the driver may have attached the volume. Drivers' own sidecars use the same one. */
export function attacherFinalizer(driver: string): string {
  const name = driver.replaceAll(/[^a-zA-Z0-9-]/g, '-');
  return `external-attacher/${name.endsWith('-') ? `${name}X` : name}`;
}

/** As `volumesInUse` and `volumesAttached` of a node's status have it. */
export const uniqueName = ({ driver, handle }: VolumeIdentity): string => `kubernetes.io/csi/${driver}^${handle}`;

export const volumeOf = ({ spec }: VolumeAttachment): string => spec.source.persistentVolumeName ?? '';

/** Undefined when neither the attachment nor the volume tells the handle. */
export function identityOf(attachment: VolumeAttachment, volume: PersistentVolume | undefined): VolumeIdentity | undefined {
  const { attacher: driver, source } = attachment.spec;
  const handle = annotationOf(attachment, attachmentAnnotations.handle) ?? (volume?.spec.csi ?? source.inlineVolumeSpec?.csi)?.volumeHandle;
  return handle === undefined ? undefined : { driver, handle };
}
