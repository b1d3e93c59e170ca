import { BackOff } from '#core/reconcile/back-off.ts';
import type { Clock } from '#core/kernel/clock.ts';

export interface SyncLoopOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Brings the node up to date; with `full` everything is compared with what the node really has. */
  readonly sync: (full: boolean, signal: AbortSignal) => Promise<void>;
  /** A cheap look whether a full sync is needed. */
  readonly intact: (signal: AbortSignal) => Promise<boolean>;
  /** Told of a failure of either; it comes again after a back-off. */
  readonly failed: (error: unknown) => void;
  /** Shortest time from the end of one sync to the next, in milliseconds; twice as long as the last one took when that is more. 200 by default. */
  readonly minIntervalMs?: number | undefined;
  /** Milliseconds between two looks; 10 s by default. */
  readonly lookEveryMs?: number | undefined;
  /** Milliseconds between two full syncs; 10 min by default. */
  readonly fullEveryMs?: number | undefined;
}

/** What belongs to one change of the cluster comes in several events. */
const settleMs = 10;
const longestIntervalMs = 5000;

/** Calls `sync` when something has changed, not too often, and in full from time to time and after a failure. */
export class SyncLoop {
  readonly #options: SyncLoopOptions;
  readonly #backOff: BackOff;
  readonly #minIntervalMs: number;
  readonly #lookEveryMs: number;
  readonly #fullEveryMs: number;
  #changed = Promise.withResolvers<void>();
  #full = true;
  #lastFull = 0;
  #tookMs = 0;

  constructor(options: SyncLoopOptions) {
    this.#options = options;
    this.#backOff = new BackOff({ clock: options.clock, random: options.random, baseMs: 500, maxMs: 30_000 });
    this.#minIntervalMs = options.minIntervalMs ?? 200;
    this.#lookEveryMs = options.lookEveryMs ?? 10_000;
    this.#fullEveryMs = options.fullEveryMs ?? 600_000;
  }

  /** Something has changed. */
  wake(): void {
    this.#changed.resolve();
  }

  /** Until the signal aborts; then resolves. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step(signal);
        this.#backOff.reset();
        await this.#rest(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#full = true;
        this.#options.failed(error);
        await this.#backOff.wait(signal);
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { clock, sync } = this.#options;
    const began = clock.now();
    const full = this.#full;
    this.#changed = Promise.withResolvers();
    await sync(full, signal);
    this.#tookMs = clock.now() - began;
    if (full) this.#lastFull = clock.now();
    this.#full = false;
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const { clock, intact } = this.#options;
    await clock.sleep(Math.min(longestIntervalMs, Math.max(this.#minIntervalMs, 2 * this.#tookMs)), signal);
    while (!(await this.#changedWithin(this.#lookEveryMs, signal))) {
      if (clock.now() - this.#lastFull >= this.#fullEveryMs || !(await intact(signal))) {
        this.#full = true;
        return;
      }
    }
    await clock.sleep(settleMs, signal);
  }

  async #changedWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const timeout = this.#options.clock.sleep(ms, AbortSignal.any([signal, over.signal])).then(() => false);
    try {
      return await Promise.race([timeout, this.#changed.promise.then(() => true)]);
    } finally {
      timeout.catch(() => undefined);
      over.abort();
    }
  }
}
