import type { Clock } from '#core/kernel/clock.ts';
import { Once } from './place-once.ts';

export interface LastingOptions<T> {
  readonly clock: Clock;
  readonly find: (signal: AbortSignal) => Promise<T>;
  /** Others are looked for again a minute later. */
  readonly isLasting: (value: T) => boolean;
  /** What a failure counts as. */
  readonly otherwise: (error: unknown) => T;
}

const againMs = 60_000;

/** Something that does not change once it is known. As long as it is not, it is looked for once a minute at most, however often somebody asks. */
export class Lasting<T> {
  readonly #options: LastingOptions<T>;
  #value: Once<T>;
  #until = Number.POSITIVE_INFINITY;

  constructor(options: LastingOptions<T>) {
    this.#options = options;
    this.#value = new Once((signal) => this.#find(signal));
  }

  /** Rejects only with the signal's reason. */
  get(signal: AbortSignal): Promise<T> {
    if (this.#options.clock.now() >= this.#until) {
      this.#until = Number.POSITIVE_INFINITY;
      this.#value = new Once((life) => this.#find(life));
    }
    return this.#value.get(signal);
  }

  async #find(signal: AbortSignal): Promise<T> {
    const { clock, find, isLasting, otherwise } = this.#options;
    const value = await find(signal).catch(otherwise);
    if (!isLasting(value)) this.#until = clock.now() + againMs;
    return value;
  }
}
