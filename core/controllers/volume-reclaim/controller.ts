import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { annotationOf, hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { live } from '#core/controllers/storage/live.ts';
import { finalizerRemoval, metadataPatch, withFinalizer, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { annotations, finalizers } from '#core/api/storage/names.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { VolumeDriver } from '#core/spi/volume-driver.ts';

export interface VolumeReclaimOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly drivers: readonly VolumeDriver[];
  readonly workers?: number;
}

const attachmentsOfVolume = 'attachments-of-volume';

/**
 * Has drivers delete the volumes that nobody has any more and that are not to be retained. A finalizer on the PersistentVolume
 * keeps the only record of a volume until the driver has deleted it, whoever deletes the record.
 */
export class VolumeReclaimController implements Controller {
  readonly name = 'volume-reclaim';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #attachments: Informer<VolumeAttachment>;
  readonly #drivers: DriverDirectory;
  readonly #events: EventRecorder;

  constructor({ client, informers, clock, recorder, drivers, workers = 32 }: VolumeReclaimOptions) {
    this.workers = workers;
    this.#client = client;
    this.#clock = clock;
    this.#drivers = new DriverDirectory(drivers);
    this.#events = new Announcer(recorder, clock);
    this.#volumes = informers.for(PersistentVolume);
    const attachments = (this.#attachments = informers.for(VolumeAttachment));
    attachments.addIndex(attachmentsOfVolume, volumesOfAttachment);
    this.sources = [
      source(this.#volumes, (volume, previous) =>
        (volume === undefined || (previous !== undefined && isSameTask(volume, previous)) ? [] : [volume.metadata.name])),
      source(attachments, (attachment, previous) => (attachment !== undefined || previous === undefined ? [] : volumesOfAttachment(previous))),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const volume = this.#volumes.get(key);
    const driver = volume && this.#driverOf(volume);
    if (volume === undefined || driver === undefined) return;
    if (isDoomed(volume)) return this.#reclaim(volume, driver, signal);
    const held = hasFinalizer(volume, finalizers.deletion);
    if (held && !mayHold(volume)) await this.#setFinalizers(volume, withoutFinalizer(volume, finalizers.deletion), signal);
    else if (!held && mustHold(volume)) await this.#setFinalizers(volume, withFinalizer(volume, finalizers.deletion), signal);
  }

  /** The driver behind a volume that a provisioner of this process made, or of a static volume of its driver. */
  #driverOf(volume: PersistentVolume): VolumeDriver | undefined {
    const provisioner = annotationOf(volume, annotations.provisionedBy);
    if (provisioner !== undefined && this.#drivers.find(provisioner) === undefined) return undefined;
    return this.#drivers.find(volume.spec.csi?.driver);
  }

  async #reclaim(cached: PersistentVolume, driver: VolumeDriver, signal: AbortSignal): Promise<void> {
    // What follows cannot be undone, and its author may have changed their mind since.
    const volume = await live(this.#client, PersistentVolume, { name: cached.metadata.name }, signal);
    if (volume === undefined || volume.metadata.uid !== cached.metadata.uid || !isDoomed(volume)) return;
    if (this.#attachments.byIndex(attachmentsOfVolume, volume.metadata.name).length > 0) return;
    try {
      await withDeadline(this.#clock, signal, (bounded) => driver.delete(volume.spec.csi?.volumeHandle ?? '', bounded));
    } catch (error) {
      signal.throwIfAborted();
      if (!ProviderError.is(error, 'NotFound')) return this.#failed(volume, error, signal);
    }
    await this.#forget(volume, signal);
  }

  /** Removes the record of a volume that is no more. Others who take their finalizers off at the same moment are not in the way. */
  async #forget(volume: PersistentVolume, signal: AbortSignal): Promise<void> {
    const { name, uid } = volume.metadata;
    try {
      if (!isDeleting(volume)) await this.#client.delete(PersistentVolume, { name }, { preconditions: { uid } }, signal);
      if (!hasFinalizer(volume, finalizers.deletion)) return;
      await this.#client.patch(PersistentVolume, { name }, finalizerRemoval(uid, finalizers.deletion), {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }

  async #failed(volume: PersistentVolume, error: unknown, signal: AbortSignal): Promise<never> {
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 900);
    this.#events.warning(volume, 'VolumeFailedDelete', message);
    if (volume.status.phase !== 'Failed' || volume.status.message !== message) {
      const patch = metadataPatch(volume, {}, { status: { phase: 'Failed', reason: 'VolumeFailedDelete', message } });
      await this.#client.patchStatus(PersistentVolume, volume.metadata, patch, {}, signal);
    }
    throw error;
  }

  async #setFinalizers(volume: PersistentVolume, names: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#client.patch(PersistentVolume, volume.metadata, metadataPatch(volume, { finalizers: names }), {}, signal);
  }
}

const volumesOfAttachment = ({ spec }: VolumeAttachment): string[] =>
  (spec.source.persistentVolumeName === undefined ? [] : [spec.source.persistentVolumeName]);

const isUnclaimed = (volume: PersistentVolume): boolean => volume.spec.claimRef === undefined && volume.status.phase !== 'Bound';
const isForeignAndUnclaimed = (volume: PersistentVolume): boolean =>
  isUnclaimed(volume) && annotationOf(volume, annotations.provisionedBy) === undefined;

/**
 * Its claim is gone; or its record is being deleted and nobody has it, though it was made here. Without the finalizer, a record
 * that is being deleted has had its volume deleted already, or was never to have it deleted.
 */
function isDoomed(volume: PersistentVolume): boolean {
  if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return false;
  if (isDeleting(volume) && !hasFinalizer(volume, finalizers.deletion)) return false;
  const released = volume.status.phase === 'Released' || volume.status.phase === 'Failed';
  return released || (isDeleting(volume) && isUnclaimed(volume) && !isForeignAndUnclaimed(volume));
}

const mustHold = (volume: PersistentVolume): boolean =>
  volume.spec.persistentVolumeReclaimPolicy === 'Delete' && volume.status.phase === 'Bound' && !isDeleting(volume);

/** What is not to be deleted with its record must not hold the record up. */
const mayHold = (volume: PersistentVolume): boolean =>
  volume.spec.persistentVolumeReclaimPolicy === 'Delete' && !(isDeleting(volume) && isForeignAndUnclaimed(volume));

/** A phase of Failed, and what it says, is this controller's own doing: its back-off decides when to try again. */
const isSameTask = (a: PersistentVolume, b: PersistentVolume): boolean =>
  isDoomed(a) === isDoomed(b) && isDeleting(a) === isDeleting(b) && (a.status.phase === 'Bound') === (b.status.phase === 'Bound') &&
  hasFinalizer(a, finalizers.deletion) === hasFinalizer(b, finalizers.deletion) &&
  a.spec.persistentVolumeReclaimPolicy === b.spec.persistentVolumeReclaimPolicy;
