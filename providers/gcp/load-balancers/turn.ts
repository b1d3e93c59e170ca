/** One at a time, in the order of asking. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /** Rejects with the signal's reason when that aborts before the turn comes; then the action is not begun. */
  async take<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    const previous = this.#last;
    const { promise: mine, resolve: end } = Promise.withResolvers<void>();
    this.#last = previous.then(() => mine);
    try {
      await orAborted(previous, signal);
      return await action();
    } finally {
      end();
    }
  }
}

/** Rejects with the signal's reason when that aborts first. What is waited for does not reject. */
export function orAborted(waited: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    void waited.then(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
  });
}
