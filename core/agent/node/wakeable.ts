import type { Clock } from '#core/kernel/clock.ts';

/** A pause that somebody else can end. A wake while nobody sleeps ends the next pause at once. */
export class Wakeable {
  readonly #clock: Clock;
  #waked = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#waked = true;
    this.#wake?.();
  }

  /** Resolves after `ms`, when waked, and when the signal aborts. Never rejects. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#waked && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(ms, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
        signal.addEventListener('abort', this.#wake, { once: true });
      });
      if (this.#wake !== undefined) signal.removeEventListener('abort', this.#wake);
      this.#wake = undefined;
    }
    this.#waked = false;
  }
}
