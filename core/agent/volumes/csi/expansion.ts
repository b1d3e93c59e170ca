import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Client } from '#core/client/client.ts';
import { canExpandOnNode, type NodeVolumeDriver } from '#core/spi/volume-driver.ts';

const resizeConditions = new Set(['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']);
const nodeStates = new Set(['NodeResizePending', 'NodeResizeInProgress']);

/** The volume has grown, its file system has not. */
export const awaitsNode = ({ status }: PersistentVolumeClaim): boolean =>
  (status.conditions ?? []).some(({ type, status: value }) => type === 'FileSystemResizePending' && value === 'True') ||
  nodeStates.has(status.allocatedResourceStatuses?.['storage'] ?? '');

/** Grows the file system to the size of its volume, and says so in the claim. @returns whether there was anything to do */
export async function expandFileSystem(client: Client, driver: NodeVolumeDriver, known: PersistentVolumeClaim, place: { readonly handle: string; readonly path: string }, signal: AbortSignal): Promise<boolean> {
  if (!awaitsNode(known) || !canExpandOnNode(driver)) return false;
  const { namespace, name } = known.metadata;
  const claim = await client.get(PersistentVolumeClaim, { namespace, name }, signal);
  if (!awaitsNode(claim)) return false;
  // After the claim: its volume's size was written before the claim said that the file system must follow.
  const volume = await client.get(PersistentVolume, { name: claim.spec.volumeName ?? '' }, signal);
  await driver.expandOnNode(place.handle, place.path, signal);
  const storage = volume.spec.capacity?.['storage'];
  const conditions = (claim.status.conditions ?? []).filter(({ type }) => !resizeConditions.has(type));
  const document = {
    metadata: { resourceVersion: claim.metadata.resourceVersion },
    status: {
      conditions, ...(storage === undefined ? {} : { capacity: { storage } }),
      ...(claim.status.allocatedResourceStatuses?.['storage'] === undefined ? {} : { allocatedResourceStatuses: { storage: null } }),
    },
  };
  await client.patchStatus(PersistentVolumeClaim, { namespace, name }, { type: 'merge', document }, {}, signal);
  return true;
}
