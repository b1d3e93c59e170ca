import type { NameEntry } from '#core/spi/name-server.ts';
import { NameRecords } from './record-set.ts';
import { nameKey, namesAbove } from './wire.ts';
import { Zone } from './zone.ts';

/** The names that were published, by their keys, and the zones in which there are no others. */
export class Names {
  readonly #records = new Map<string, NameRecords>();
  /** How many published names are below a name. */
  readonly #below = new Map<string, number>();
  #zones: ReadonlyMap<string, Zone> | undefined;
  #complete = false;
  #serial: number;

  /** @param serial of the zones, which grows with every change; the time in seconds makes it grow over restarts too */
  constructor(serial: number) {
    this.#serial = serial >>> 0;
  }

  get serial(): number {
    return this.#serial;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Whether it is known which names are whose. */
  get hasZones(): boolean {
    return this.#zones !== undefined;
  }

  /** Whether what is not there does not exist. */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** The first one is home of the name server's own name. */
  setZones(zones: readonly string[]): void {
    const keys = zones.map(nameKey).filter((key) => key !== undefined);
    this.#zones = new Map(keys.map((key) => [key, new Zone(key, keys[0] ?? key)]));
    this.#grow();
  }

  publish(changes: ReadonlyMap<string, NameEntry | undefined>): void {
    for (const [name, entry] of changes) {
      const key = nameKey(name);
      if (key === undefined) continue;
      if (entry !== undefined && !this.#records.has(key)) this.#count(key, 1);
      if (entry === undefined && this.#records.has(key)) this.#count(key, -1);
      if (entry === undefined) this.#records.delete(key);
      else this.#records.set(key, new NameRecords(entry));
    }
    this.#grow();
  }

  complete(): void {
    this.#complete = true;
  }

  get(key: string): NameRecords | undefined {
    return this.#records.get(key);
  }

  hasBelow(key: string): boolean {
    return this.#below.has(key);
  }

  /** The zone whose name this is, or in which it is; the smallest one. */
  zoneOf(key: string): Zone | undefined {
    const zones = this.#zones;
    if (zones === undefined) return undefined;
    const own = zones.get(key);
    if (own !== undefined) return own;
    for (const above of namesAbove(key)) {
      const zone = zones.get(above);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  #count(key: string, change: 1 | -1): void {
    for (const above of namesAbove(key)) {
      const count = (this.#below.get(above) ?? 0) + change;
      if (count === 0) this.#below.delete(above);
      else this.#below.set(above, count);
    }
  }

  #grow(): void {
    this.#serial = (this.#serial + 1) >>> 0;
  }
}
