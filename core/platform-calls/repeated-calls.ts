import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { PlatformCall, PlatformCalls } from '#core/spi/platform-calls.ts';

/** Attempts of one call, the first included. */
const mostAttempts = { refused: 8, passing: 4 } as const;
const baseMs = { refused: 1_000, passing: 200 } as const;
const capMs = 20_000;

/**
 * Sends again what was refused for being too much, and what a moment's trouble hindered, after a random part of a time that doubles: the caller hears of it
 * only when it lasts. A lost answer is followed by another attempt only for a call that says it may be repeated.
 */
export class RepeatedCalls implements PlatformCalls {
  readonly #inner: PlatformCalls;
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(inner: PlatformCalls, clock: Clock, random: () => number = Math.random) {
    this.#inner = inner;
    this.#clock = clock;
    this.#random = random;
  }

  async run<T>(call: PlatformCall, send: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#inner.run(call, send, signal);
      } catch (error) {
        const kind = kindOf(call, error);
        if (kind === undefined || attempt >= mostAttempts[kind] || signal.aborted) throw error;
        const wait = this.#random() * Math.min(capMs, baseMs[kind] * 2 ** (attempt - 1));
        await this.#clock.sleep(Math.max(wait, (error as ProviderError).retryAfterMs ?? 0), signal);
      }
    }
  }
}

function kindOf(call: PlatformCall, error: unknown): 'refused' | 'passing' | undefined {
  if (ProviderError.is(error, 'Throttled')) return 'refused';
  if (!ProviderError.is(error) || !error.isPassing) return undefined;
  return error.reason !== 'Unknown' || call.isRepeatable ? 'passing' : undefined;
}
