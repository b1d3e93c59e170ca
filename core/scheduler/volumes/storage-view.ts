import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { CSIDriver, CSIStorageCapacity, StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { classOf } from './claims.ts';

const byClass = 'scheduler-class';

/** The storage of the cluster, as far as it bears on where pods can run. */
export class StorageView {
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;
  readonly #drivers: Informer<CSIDriver>;
  readonly #capacities: Informer<CSIStorageCapacity>;

  constructor(informers: Informers) {
    this.claims = informers.for(PersistentVolumeClaim);
    this.volumes = informers.for(PersistentVolume);
    this.#classes = informers.for(StorageClass);
    this.#drivers = informers.for(CSIDriver);
    this.#capacities = informers.for(CSIStorageCapacity);
    this.volumes.addIndex(byClass, classNameOf);
    this.#capacities.addIndex(byClass, classNameOfCapacity);
  }

  class(name: string): StorageClass | undefined {
    return this.#classes.get(name);
  }

  volumesOfClass(name: string): readonly PersistentVolume[] {
    return this.volumes.byIndex(byClass, name);
  }

  /** Undefined when the driver does not say how much room it has. */
  capacitiesOf({ metadata: { name }, provisioner }: StorageClass): readonly CSIStorageCapacity[] | undefined {
    return this.#drivers.get(provisioner)?.spec.storageCapacity === true ? this.#capacities.byIndex(byClass, name) : undefined;
  }
}

const classNameOf = (volume: PersistentVolume): string[] => [classOf(volume)];
const classNameOfCapacity = ({ storageClassName }: CSIStorageCapacity): string[] => [storageClassName];
