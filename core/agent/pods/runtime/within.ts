import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';

/** Runs a call that must answer in time. @throws {ProviderError} Unavailable when it does not, also when it ignores its signal */
export async function within<T>(clock: Clock, ms: number, what: string, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const late = new AbortController();
  const given = Promise.withResolvers<never>();
  const giveUp = (reason: unknown): void => {
    late.abort(reason);
    given.reject(reason);
  };
  const outer = (): void => giveUp(signal.reason);
  const cancel = clock.after(ms, () => giveUp(new ProviderError('Unavailable', `${what} gave no answer within ${ms / 1000} s`)));
  signal.addEventListener('abort', outer, { once: true });
  try {
    return await Promise.race([call(late.signal), given.promise]);
  } finally {
    cancel();
    signal.removeEventListener('abort', outer);
  }
}
