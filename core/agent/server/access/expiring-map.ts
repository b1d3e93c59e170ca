import type { Clock } from '#core/kernel/clock.ts';
import { dropOldest } from '#core/kernel/oldest.ts';

interface Entry<V> {
  readonly value: Promise<V>;
  /** Milliseconds since the epoch; while the answer is awaited it is not known. */
  until: number;
}

/** Remembers answers for some time each, at most `limit` of them. Who asks the same at the same time shares the question. */
export class ExpiringMap<V> {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #entries = new Map<string, Entry<V>>();

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** @param lifetimeOf in milliseconds. Failures are not remembered. */
  async getOrAsk(key: string, ask: () => Promise<V>, lifetimeOf: (value: V) => number): Promise<V> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#clock.now() < known.until) return known.value;
    const entry: Entry<V> = { value: ask(), until: Infinity };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#makeRoom();
    try {
      const value = await entry.value;
      entry.until = this.#clock.now() + lifetimeOf(value);
      return value;
    } catch (error) {
      entry.until = 0;
      throw error;
    }
  }

  #makeRoom(): void {
    while (this.#entries.size > this.#limit) dropOldest(this.#entries);
  }
}
