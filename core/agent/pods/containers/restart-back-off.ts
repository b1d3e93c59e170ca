import type { Clock } from '#core/kernel/clock.ts';

interface Entry {
  delayMs: number;
  updatedAt: number;
  toldAt?: number;
}

const tellEveryMs = 60_000;

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

  /** Whether people are to be told that it waits: once after each failure, and then every minute. */
  isToTell(key: string): boolean {
    const entry = this.#fresh(key);
    const now = this.#clock.now();
    if (entry === undefined || now - (entry.toldAt ?? Number.NEGATIVE_INFINITY) < tellEveryMs) return false;
    entry.toldAt = now;
    return true;
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

/** As Go writes durations, to the millisecond: `512ms`, `10s`, `1m20.5s`, `1h0m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole > 0 && whole < 1000) return `${whole}ms`;
  const [hours, minutes] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60];
  return `${hours > 0 ? `${hours}h` : ''}${whole >= 60_000 ? `${minutes}m` : ''}${(whole % 60_000) / 1000}s`;
}
