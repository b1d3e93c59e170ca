import { dropOldest } from '#core/kernel/oldest.ts';

/** A map of at most `limit` entries, which forgets the one that was not used for longest. */
export class LruMap<V> {
  readonly #limit: number;
  readonly #entries = new Map<string, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is under the key, or what `make` makes for it. */
  getOrMake(key: string, make: () => V): V {
    const known = this.#entries.get(key);
    const value = known ?? make();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#limit) dropOldest(this.#entries);
    return value;
  }
}
