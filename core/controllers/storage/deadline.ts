import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';

/** Longer than any platform takes to make or delete a volume. */
const driverDeadlineMs = 5 * 60_000;

/** Gives a driver's call a signal that also aborts when the call has taken too long: then its answer counts as lost. */
export async function withDeadline<T>(clock: Clock, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>, ms = driverDeadlineMs, who = 'the volume driver'): Promise<T> {
  const bounded = new AbortController();
  const onAbort = (): void => bounded.abort(signal.reason);
  const cancel = clock.after(ms, () => bounded.abort(new ProviderError('Unknown', `no answer from ${who} within ${ms / 1000} s`)));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await call(bounded.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
