import type { Clock } from '#core/kernel/clock.ts';

export interface RaceOptions {
  readonly clock: Clock;
  /** Milliseconds after which the next one is tried although those before have not failed. */
  readonly staggerMs: number;
  /** Milliseconds for all of them. */
  readonly limitMs: number;
}

/**
 * Tries one after the other until one succeeds: the next one when all before have failed, or when they take long. Those are not given up: they may still
 * be the first to answer. Rejects with the last failure. The signal of each aborts when it is over.
 */
export function race<T>(attempts: readonly ((signal: AbortSignal) => Promise<T>)[], { clock, staggerMs, limitMs }: RaceOptions, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const over = new AbortController();
  let next = 0;
  let running = 0;
  let stopTimer = (): void => undefined;
  const tryNext = (): void => {
    const attempt = attempts[next++];
    stopTimer();
    if (attempt === undefined) return;
    running++;
    stopTimer = clock.after(staggerMs, tryNext);
    attempt(over.signal).then(resolve, (error: unknown) => {
      running--;
      if (running > 0) return;
      if (next >= attempts.length) reject(error);
      else tryNext();
    });
  };
  const stopLimit = clock.after(limitMs, () => reject(new Error(`no answer within ${limitMs} ms`)));
  const aborted = (): void => reject(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });
  if (attempts.length === 0) reject(new Error('there is nobody to ask'));
  tryNext();
  return promise.finally(() => {
    stopTimer();
    stopLimit();
    signal.removeEventListener('abort', aborted);
    next = attempts.length;
    over.abort(new Error('somebody else answered'));
  });
}
