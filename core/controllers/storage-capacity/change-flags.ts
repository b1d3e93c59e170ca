import type { CapacityReporter, VolumeDriver } from '#core/spi/volume-driver.ts';

/** Remembers which drivers have said that their free capacity changed, until each reader has taken note. */
export class ChangeFlags {
  readonly #changes = new WeakMap<VolumeDriver, { count: number; readonly seen: Map<string, number> }>();

  /** Whether the driver says when its capacity changes. */
  follow(driver: VolumeDriver & CapacityReporter): boolean {
    if (driver.onCapacityChange === undefined) return false;
    if (!this.#changes.has(driver)) {
      const flags = { count: 0, seen: new Map<string, number>() };
      this.#changes.set(driver, flags);
      driver.onCapacityChange(() => void flags.count++);
    }
    return true;
  }

  /** Whether the driver's capacity changed since this reader asked last. */
  take(driver: VolumeDriver, reader: string): boolean {
    const flags = this.#changes.get(driver);
    if (flags === undefined || flags.seen.get(reader) === flags.count) return false;
    flags.seen.set(reader, flags.count);
    return true;
  }
}
