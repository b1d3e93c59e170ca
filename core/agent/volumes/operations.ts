import type { Clock } from '#core/kernel/clock.ts';
import { orAborted } from '#core/kernel/or-aborted.ts';

/** The time for a call ran out. Worded as upstream says it, for that is what people search for. */
export class DeadlineError extends Error {
  constructor(what: string, ms: number) {
    super(`${what} within ${ms / 1000} s: context deadline exceeded`);
    this.name = 'DeadlineError';
  }
}

/**
 * Lets one piece of work at a time run per key, and lets no caller wait longer than its deadline. Work that does not heed its signal
 * keeps the key until it really ends, so that what it may still do meets nobody else's work.
 */
export class Operations {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #tails = new Map<string, Promise<unknown>>();

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  /** @throws {DeadlineError} @throws the signal's reason when that aborts first @throws what the work throws */
  async run<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>, ms = this.#deadlineMs): Promise<T> {
    const bounded = new AbortController();
    let began = false;
    const cancel = this.#clock.after(ms, () => bounded.abort(new DeadlineError(began ? 'no answer' : 'an earlier call for the same volume did not end', ms)));
    const forward = (): void => bounded.abort(signal.reason);
    signal.addEventListener('abort', forward, { once: true });
    if (signal.aborted) forward();
    const attempt = (this.#tails.get(key) ?? Promise.resolve()).then(() => {
      bounded.signal.throwIfAborted();
      began = true;
      return work(bounded.signal);
    });
    this.#hold(key, attempt);
    try {
      return await orAborted(attempt, bounded.signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', forward);
    }
  }

  #hold(key: string, attempt: Promise<unknown>): void {
    const free = (): void => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    const tail: Promise<unknown> = attempt.then(free, free);
    this.#tails.set(key, tail);
  }
}
