import type { Clock } from '#core/kernel/clock.ts';

/** EC2 publishes no bound for how late reads can be; in the field it is about a second. */
export const LATE_MS = 5000;

/**
 * Says from when on a read shows all that was done before. Reads of EC2 may be late, so that something which is missing may have been made
 * by a call whose answer was lost, of this process or of one that ended when this one began.
 */
export class Settling {
  readonly #clock: Clock;
  readonly #begun: number;
  /** Oldest first. */
  readonly #touched = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begun = clock.now();
  }

  /** Something of this name may have been made or changed just now. */
  touch(name: string): void {
    const now = this.#clock.now();
    for (const [other, at] of this.#touched) {
      if (at + LATE_MS > now) break;
      this.#touched.delete(other);
    }
    this.#touched.delete(name);
    this.#touched.set(name, now);
  }

  isSettled(name: string): boolean {
    return this.#settledAt(name) <= this.#clock.now();
  }

  async settled(name: string, signal: AbortSignal): Promise<void> {
    const wait = this.#settledAt(name) - this.#clock.now();
    if (wait > 0) await this.#clock.sleep(wait, signal);
  }

  /** What `look` finds; when that is nothing, once more as soon as reads show all that was done before. */
  async find<T>(name: string, look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
    const wasSettled = this.isSettled(name);
    const found = await look();
    if (found !== undefined || wasSettled) return found;
    await this.settled(name, signal);
    return look();
  }

  #settledAt(name: string): number {
    return Math.max(this.#begun, this.#touched.get(name) ?? -Infinity) + LATE_MS;
  }
}

/** What this process has deleted a moment ago, while reads may still show it. */
export class Departed {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(id: string): void {
    const now = this.#clock.now();
    for (const [other, at] of this.#since) {
      if (at + LATE_MS > now) break;
      this.#since.delete(other);
    }
    this.#since.delete(id);
    this.#since.set(id, now);
  }

  has(id: string): boolean {
    return (this.#since.get(id) ?? -Infinity) + LATE_MS > this.#clock.now();
  }
}
