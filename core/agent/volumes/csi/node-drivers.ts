import type { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';

/** The node sides of drivers by the names to which they answer: their own, and the aliases that their controller sides know. */
export class NodeDrivers {
  readonly all: readonly NodeVolumeDriver[];
  readonly #byName = new Map<string, NodeVolumeDriver>();

  /** @throws {Error} when two drivers answer to one name */
  constructor(drivers: readonly NodeVolumeDriver[], controllerSides: readonly Pick<VolumeDriver, 'name' | 'aliases'>[] = []) {
    this.all = drivers;
    for (const driver of drivers) {
      const aliases = controllerSides.find(({ name }) => name === driver.name)?.aliases ?? [];
      for (const name of new Set([driver.name, ...aliases])) {
        if (this.#byName.has(name)) throw new Error(`two volume drivers answer to "${name}" on this node`);
        this.#byName.set(name, driver);
      }
    }
  }

  /** @throws {Error} worded as upstream's when there is none */
  get(name: string): NodeVolumeDriver {
    const driver = this.#byName.get(name);
    if (driver === undefined) {
      const known = this.all.map((one) => one.name).join(', ');
      throw new Error(`driver name ${name} not found in the list of registered CSI drivers (${known === '' ? 'there are none' : known})`);
    }
    return driver;
  }
}
