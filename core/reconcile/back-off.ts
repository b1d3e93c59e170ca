import type { Clock } from '#core/kernel/clock.ts';

export interface BackOffOptions {
  readonly clock: Clock;
  /** Milliseconds after the first failure; doubles with each further one. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Waits longer after each failure in a row, between half and all of the nominal time. */
export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Counts a failure and returns how long to wait, in milliseconds. */
  next(): number {
    const { baseMs, maxMs, random } = this.#options;
    const nominal = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures++, 30));
    return nominal * (0.5 + random() / 2);
  }

  /** Waits after a failure; resolves early, never rejects, when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(this.next(), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
