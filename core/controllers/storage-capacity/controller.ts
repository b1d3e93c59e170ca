import { createHash } from 'node:crypto';
import { CSIStorageCapacity, StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { Quantity } from '#core/api/quantity.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { splitParameters } from '#core/controllers/storage/class-parameters.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { reportsCapacity, type AvailableCapacity, type CapacityReporter, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { ChangeFlags } from './change-flags.ts';
import { isNoticeable } from './noticeable.ts';

export interface StorageCapacityOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly drivers: readonly VolumeDriver[];
}

export const capacityNamespace = 'kube-system';
const driverLabel = 'csi.storage.k8s.io/drivername';
const managerLabel = 'csi.storage.k8s.io/managed-by';
const manager = 'keelson';
const capacitiesOfClass = 'capacities-of-class';
/** A driver that announces changes is asked soon after one; every driver is asked this often. */
const pollMs = 60_000;
const announcedPollMs = 2_000;

/** Publishes how much room drivers have for each class, so that schedulers choose nodes where a volume fits. Keys are classes. */
export class StorageCapacityController implements Controller {
  readonly name = 'storage-capacity';
  readonly workers = 4;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #drivers: DriverDirectory;
  readonly #classes: Informer<StorageClass>;
  readonly #capacities: Informer<CSIStorageCapacity>;
  readonly #changes = new ChangeFlags();
  readonly #asked = new Map<string, number>();

  constructor({ client, informers, clock, drivers }: StorageCapacityOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#drivers = new DriverDirectory(drivers);
    this.#classes = informers.for(StorageClass);
    const capacities = (this.#capacities = informers.for(CSIStorageCapacity));
    capacities.addIndex(capacitiesOfClass, classOfCapacity);
    this.sources = [
      source(this.#classes, (found, previous) => [(found ?? previous)?.metadata.name ?? '']),
      // Those of classes that went while nobody looked, and those that somebody removed.
      source(capacities, (found, previous) => (found !== undefined && previous !== undefined ? [] : [...classOfCapacity(found ?? previous)])),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const storageClass = this.#classes.get(key);
    const driver = this.#drivers.find(storageClass?.provisioner);
    if (storageClass === undefined || driver === undefined || !reportsCapacity(driver)) {
      this.#asked.delete(key);
      return this.#removeAllBut(key, new Set(), signal);
    }
    const announces = this.#changes.follow(driver);
    const due = (this.#asked.get(key) ?? 0) + pollMs - this.#clock.now();
    const complete = this.#capacities.byIndex(capacitiesOfClass, key).length > 0;
    if (!complete || due <= 0 || this.#changes.take(driver, key)) await this.#publish(storageClass, driver, signal);
    return { requeueAfterMs: announces ? announcedPollMs : Math.max(1, due <= 0 ? pollMs : due) };
  }

  async #publish(storageClass: StorageClass, driver: VolumeDriver & CapacityReporter, signal: AbortSignal): Promise<void> {
    const { name } = storageClass.metadata;
    this.#asked.set(name, this.#clock.now());
    const wanted = new Map<string, Draft<CSIStorageCapacity>>();
    const reports = await withDeadline(this.#clock, signal, (bounded) => reportsOf(storageClass, driver, bounded), pollMs);
    for (const report of reports) {
      const object = capacityObject(name, driver.name, report);
      wanted.set(object.metadata.name ?? '', object);
    }
    for (const object of wanted.values()) await this.#write(object, signal);
    await this.#removeAllBut(name, new Set(wanted.keys()), signal);
  }

  async #write(wanted: Draft<CSIStorageCapacity>, signal: AbortSignal): Promise<void> {
    const found = this.#capacities.get(`${capacityNamespace}/${wanted.metadata.name ?? ''}`);
    if (found !== undefined) {
      if (!isNoticeable(found.capacity, wanted.capacity) && !isNoticeable(found.maximumVolumeSize, wanted.maximumVolumeSize)) return;
      const { capacity, maximumVolumeSize = null } = wanted;
      await this.#client.patch(CSIStorageCapacity, found.metadata, metadataPatch(found, {}, { capacity, maximumVolumeSize }), {}, signal);
      return;
    }
    try {
      await this.#client.create(CSIStorageCapacity, wanted, {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
    }
  }

  async #removeAllBut(className: string, wanted: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    for (const { metadata } of this.#capacities.byIndex(capacitiesOfClass, className)) {
      if (wanted.has(metadata.name)) continue;
      try {
        await this.#client.delete(CSIStorageCapacity, metadata, { preconditions: { uid: metadata.uid } }, signal);
      } catch (error) {
        if (!StatusError.is(error, 'NotFound')) throw error;
      }
    }
  }
}

/** None for a class whose parameters make no sense to the driver: its claims say so. */
async function reportsOf({ parameters }: StorageClass, driver: CapacityReporter, signal: AbortSignal): Promise<readonly AvailableCapacity[]> {
  try {
    return await driver.capacity(splitParameters(parameters).parameters, signal);
  } catch (error) {
    if (ProviderError.is(error, 'Invalid')) return [];
    throw error;
  }
}

/** The class of a report that this controller made; others' reports are theirs. */
const classOfCapacity = (capacity: CSIStorageCapacity | undefined): string[] =>
  (capacity?.metadata.labels?.[managerLabel] === manager ? [capacity.storageClassName] : []);

function capacityObject(className: string, driverName: string, { topology, available, maximumVolumeSize }: AvailableCapacity): Draft<CSIStorageCapacity> {
  const segment = Object.entries(topology).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify([className, driverName, segment])).digest('hex').slice(0, 20);
  return {
    metadata: { namespace: capacityNamespace, name: `csisc-${hash}`, labels: { [driverLabel]: driverName, [managerLabel]: manager } },
    storageClassName: className,
    nodeTopology: { matchLabels: { ...topology } },
    capacity: Quantity.ofBytes(available).toString(),
    ...(maximumVolumeSize === undefined ? {} : { maximumVolumeSize: Quantity.ofBytes(maximumVolumeSize).toString() }),
  };
}
