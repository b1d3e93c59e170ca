import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { VolumeDriver } from '#core/spi/volume-driver.ts';

const snapshotGroup = 'snapshot.storage.k8s.io';

/**
 * Whether the claim's volume is this driver's to make: not when it is to be filled from a kind of object that only a populator knows.
 * @throws {ProviderError} Invalid when it is to be filled from a volume or snapshot, which no driver here can do
 */
export function contentSource(claim: PersistentVolumeClaim, driver: VolumeDriver, events: EventRecorder): boolean {
  const source = claim.spec.dataSourceRef ?? claim.spec.dataSource;
  if (source === undefined) return true;
  const group = source.apiGroup ?? '';
  const known = (group === '' && source.kind === 'PersistentVolumeClaim') || (group === snapshotGroup && source.kind === 'VolumeSnapshot');
  if (known) throw new ProviderError('Invalid', `driver ${driver.name} cannot fill a new volume from ${source.kind} "${source.name}"`);
  events.normal(claim, 'Provisioning', 'Assuming an external populator will provision the volume');
  return false;
}
