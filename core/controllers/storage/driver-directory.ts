import type { VolumeDriver } from '#core/spi/volume-driver.ts';

/** The drivers of this process by the names to which they answer. */
export class DriverDirectory {
  readonly drivers: readonly VolumeDriver[];
  readonly #byName = new Map<string, VolumeDriver>();

  /** @throws {Error} when two drivers answer to one name */
  constructor(drivers: readonly VolumeDriver[]) {
    this.drivers = drivers;
    for (const driver of drivers) {
      for (const name of new Set([driver.name, ...(driver.aliases ?? [])])) {
        const other = this.#byName.get(name);
        if (other !== undefined) throw new Error(`the volume drivers ${other.name} and ${driver.name} both answer to "${name}"`);
        this.#byName.set(name, driver);
      }
    }
  }

  /** By the driver's own name or an alias. */
  find(name: string | undefined): VolumeDriver | undefined {
    return name === undefined ? undefined : this.#byName.get(name);
  }
}
