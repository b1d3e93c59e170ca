import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { CallBudgets, PlatformCall, PlatformCalls } from '#core/spi/platform-calls.ts';
import { CallBucket } from './call-bucket.ts';

/** Keeps calls within what the platform lets pass, so that it never has to refuse one; a bucket for each scope and group, shared by everybody in the process. */
export class BudgetedCalls implements PlatformCalls {
  readonly #inner: PlatformCalls;
  readonly #budgets: CallBudgets;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, CallBucket>();

  constructor(inner: PlatformCalls, budgets: CallBudgets, clock: Clock) {
    this.#inner = inner;
    this.#budgets = budgets;
    this.#clock = clock;
  }

  async run<T>(call: PlatformCall, send: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const bucket = this.#bucketOf(call);
    await bucket?.take(signal);
    try {
      return await this.#inner.run(call, send, signal);
    } catch (error) {
      if (ProviderError.is(error, 'Throttled')) bucket?.refused();
      throw error;
    }
  }

  #bucketOf(call: PlatformCall): CallBucket | undefined {
    const budget = this.#budgets(call);
    if (budget === undefined) return undefined;
    const key = `${call.scope} ${budget.group}`;
    const bucket = this.#buckets.get(key) ?? new CallBucket(budget, this.#clock);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
