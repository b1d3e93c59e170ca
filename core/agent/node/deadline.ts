import type { Clock } from '#core/kernel/clock.ts';

/** Calls with a signal that also aborts after `ms`; rejects then even when the call does not heed it. */
export async function within<T>(clock: Clock, ms: number, signal: AbortSignal, what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => limit.abort(new Error(`${what} did not answer within ${ms / 1000} s`)));
  const both = AbortSignal.any([signal, limit.signal]);
  const abort = (): void => reject(both.reason);
  both.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([call(both), over]);
  } finally {
    cancel();
    both.removeEventListener('abort', abort);
  }
}
