import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';

const firstWaitMs = 500;
const longestWaitMs = 8_000;

/** Repeats a call that names something that was made a moment ago, which may not be known everywhere yet. */
export async function onceSeen<T>(clock: Clock, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  for (let waitMs = firstWaitMs; ; waitMs *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound') || waitMs > longestWaitMs) throw error;
    }
    await clock.sleep(waitMs, signal);
  }
}

/** Some at a time. After a failure no more are begun, and it rejects when those that had been begun are over. */
export async function someAtATime<T, R>(things: readonly T[], most: number, act: (thing: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < things.length; start += most) {
    for (const outcome of await Promise.allSettled(things.slice(start, start + most).map(act))) {
      if (outcome.status === 'rejected') throw outcome.reason;
      results.push(outcome.value);
    }
  }
  return results;
}

/** What of `wanted` differs in `there`. */
export const difference = (wanted: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...wanted].filter(([key, value]) => there.get(key) !== value));

export const isSameSet = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((one) => b.includes(one));
