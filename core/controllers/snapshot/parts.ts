import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { canSnapshot, type VolumeDriver, type VolumeSnapshotter } from '#core/spi/volume-driver.ts';
import type { SnapshotObjects } from './snapshot-objects.ts';

/** What those who look after snapshots share. */
export interface SnapshotParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly objects: SnapshotObjects;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly drivers: DriverDirectory;
  /** Says the same thing once. */
  readonly events: EventRecorder;
}

export type SnapshottingDriver = VolumeDriver & VolumeSnapshotter;

/** A driver of this process that takes snapshots. What is of others is theirs. */
export function snapshotterOf(drivers: DriverDirectory, name: string | undefined): SnapshottingDriver | undefined {
  const driver = drivers.find(name);
  return driver !== undefined && canSnapshot(driver) ? driver : undefined;
}
