import type { Clock } from '#core/kernel/clock.ts';

const firstMs = 500;
const longestMs = 8_000;

/** For looking again and again at what somebody else works at: ever more seldom, and for a minute. */
export class Patience {
  readonly #clock: Clock;
  readonly #end: number;
  #wait = firstMs;

  constructor(clock: Clock, ms = 60_000) {
    this.#clock = clock;
    this.#end = clock.now() + ms;
  }

  get isOver(): boolean {
    return this.#clock.now() >= this.#end;
  }

  async pause(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(this.#wait, signal);
    this.#wait = Math.min(this.#wait * 2, longestMs);
  }
}
