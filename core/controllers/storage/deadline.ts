import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';

/** Gives a driver's call a signal that also aborts after `ms`: then the answer counts as lost. */
export async function withDeadline<T>(clock: Clock, ms: number, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const bounded = new AbortController();
  const onAbort = (): void => bounded.abort(signal.reason);
  const cancel = clock.after(ms, () => bounded.abort(new ProviderError('Unknown', `no answer from the volume driver within ${ms / 1000} s`)));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await call(bounded.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
