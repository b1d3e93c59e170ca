import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { PlatformCall, PlatformCalls } from '#core/spi/platform-calls.ts';

/** Of the calls of one name. */
export interface CallFigures {
  readonly sent: number;
  readonly throttled: number;
  readonly failed: number;
  /** Milliseconds until the answers, all together. */
  readonly ms: number;
}

/** Counts what is really sent, and writes a line about each into the log, at level `debug`. */
export class CountedCalls implements PlatformCalls {
  readonly #inner: PlatformCalls;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #figures = new Map<string, CallFigures>();

  constructor(inner: PlatformCalls, clock: Clock, log: Logger) {
    this.#inner = inner;
    this.#clock = clock;
    this.#log = log;
  }

  /** By the calls' names. */
  get figures(): ReadonlyMap<string, CallFigures> {
    return this.#figures;
  }

  async run<T>(call: PlatformCall, send: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const begun = this.#clock.now();
    try {
      const answer = await this.#inner.run(call, send, signal);
      this.#count(call, begun);
      return answer;
    } catch (error) {
      this.#count(call, begun, { reason: ProviderError.is(error) ? error.reason : undefined });
      throw error;
    }
  }

  #count({ name, scope }: PlatformCall, begun: number, failure?: { readonly reason: string | undefined }): void {
    const ms = this.#clock.now() - begun;
    const { sent, throttled, failed, ms: before } = this.#figures.get(name) ?? { sent: 0, throttled: 0, failed: 0, ms: 0 };
    const isThrottled = failure?.reason === 'Throttled';
    this.#figures.set(name, { sent: sent + 1, throttled: throttled + Number(isThrottled), failed: failed + Number(failure !== undefined && !isThrottled), ms: before + ms });
    this.#log.debug('platform call', { call: name, scope, ms, ...(failure === undefined ? {} : { failure: failure.reason ?? 'aborted' }) });
  }
}
