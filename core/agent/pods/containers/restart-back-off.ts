import type { Clock } from '#core/kernel/clock.ts';

interface Entry {
  delayMs: number;
  updatedAt: number;
}

/** Doubles the time between two starts of what fails again and again; forgets it after twice the longest time without a failure. */
export class RestartBackOff {
  readonly #clock: Clock;
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, baseMs = 10_000, maxMs = 300_000) {
    this.#clock = clock;
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
  }

  /** Milliseconds that are left of the time after the last failure. @param since when it ended; when it was counted by default */
  left(key: string, since?: number): number {
    const entry = this.#fresh(key);
    return entry === undefined ? 0 : Math.max(0, (since ?? entry.updatedAt) + entry.delayMs - this.#clock.now());
  }

  /** The whole time after the last failure, in milliseconds. */
  delay(key: string): number {
    return this.#fresh(key)?.delayMs ?? 0;
  }

  /** Counts a failure. */
  next(key: string): void {
    const entry = this.#fresh(key);
    const updatedAt = this.#clock.now();
    this.#entries.set(key, { delayMs: entry === undefined ? this.#baseMs : Math.min(this.#maxMs, 2 * entry.delayMs), updatedAt });
  }

  /** Forgets all keys that begin so. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #fresh(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#clock.now() - entry.updatedAt <= 2 * this.#maxMs) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

/** As Go writes durations of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
