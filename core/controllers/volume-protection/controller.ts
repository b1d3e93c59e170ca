import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client, Patch } from '#core/client/client.ts';
import { hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { finalizerRemoval, metadataPatch, withFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { finalizers } from '#core/api/storage/names.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface VolumeProtectionOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly workers?: number;
}

/** Keeps a volume that is being deleted until it is bound no longer. */
export class VolumeProtectionController implements Controller {
  readonly name = 'volume-protection';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #volumes: Informer<PersistentVolume>;

  constructor({ client, informers, workers = 16 }: VolumeProtectionOptions) {
    this.workers = workers;
    this.#client = client;
    const volumes = (this.#volumes = informers.for(PersistentVolume));
    this.sources = [source(volumes, (volume) => (volume !== undefined && hasWork(volume) ? [volume.metadata.name] : []))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const volume = this.#volumes.get(key);
    if (volume === undefined || !hasWork(volume)) return;
    try {
      await this.#client.patch(PersistentVolume, volume.metadata, isDeleting(volume) ? removal(volume) : addition(volume), {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }
}

const addition = (volume: PersistentVolume): Patch => metadataPatch(volume, { finalizers: withFinalizer(volume, finalizers.volumeProtection) });

/** Any version will do: a volume that is being deleted and is not bound will not be bound again. */
const removal = ({ metadata: { uid } }: PersistentVolume): Patch => finalizerRemoval(uid, finalizers.volumeProtection);

/** A volume that is being deleted has the finalizer to lose, unless it is bound; any other one lacks it: admission gives it to new volumes. */
function hasWork(volume: PersistentVolume): boolean {
  const held = hasFinalizer(volume, finalizers.volumeProtection);
  return isDeleting(volume) ? held && volume.status.phase !== 'Bound' : !held;
}
