import { setTimeout as delay } from 'node:timers/promises';
import { token } from './token.ts';

/** The only source of time for logic, so that tests can move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `action` once after `ms`; the returned function cancels it. Never keeps the process alive. */
  after(ms: number, action: () => void): () => void;
}
export const Clock = token<Clock>('Clock');

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  }),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

let lastSecond = NaN;
let lastText = '';

/** RFC 3339 with seconds, as `metav1.Time` is written. */
export function rfc3339(ms: number): string {
  const second = Math.floor(ms / 1000);
  // Every write asks several times, nearly always for the same second.
  if (second !== lastSecond) {
    lastText = `${new Date(ms).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}
/** RFC 3339 with microseconds, as `metav1.MicroTime` is written. */
export const rfc3339Micro = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;
