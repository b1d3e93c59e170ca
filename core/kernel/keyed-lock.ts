import { orAborted } from './or-aborted.ts';

/** Lets one piece of work at a time run per key, in the order of asking. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Rejects with the signal's reason when that aborts before the work has begun. */
  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const own = Promise.withResolvers<void>();
    const tail = before === undefined ? own.promise : before.then(() => own.promise);
    this.#tails.set(key, tail);
    try {
      if (before !== undefined) await orAborted(before, signal);
      signal.throwIfAborted();
      return await work();
    } finally {
      own.resolve();
      void tail.then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    }
  }
}
