/** What begins to deliver: `deliver` and `failed` may be called until the returned function is. */
export type Begin<T> = (deliver: (event: T) => void, failed: (error: unknown) => void) => Promise<() => void>;

/**
 * Delivered events, pulled one by one: a watch as an `AsyncIterable` begins when the first event is asked for and ends when its reader leaves, when `signal`
 * aborts (with its reason), or when it failed and what came before has been read. An async generator would do the same at several promises an event.
 */
export class PulledEvents<T> implements AsyncIterableIterator<T, undefined> {
  readonly #begin: Begin<T>;
  readonly #signal: AbortSignal;
  readonly #limit: number;
  readonly #beyond: () => Error;
  #queue: T[] = [];
  #at = 0;
  #failure: { readonly error: unknown } | undefined;
  #waiting: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  #close: (() => void) | undefined;
  #ended = false;

  /** @param beyond what the watch fails with when `limit` events wait for the reader */
  constructor(begin: Begin<T>, signal: AbortSignal, limit: number, beyond: () => Error) {
    this.#begin = begin;
    this.#signal = signal;
    this.#limit = limit;
    this.#beyond = beyond;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended) return over;
    if (this.#close === undefined) return this.#start();
    return this.#pull();
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return over;
  }

  async #start(): Promise<IteratorResult<T, undefined>> {
    try {
      this.#signal.throwIfAborted();
      const close = await this.#begin((event) => this.#take(event), (error) => this.#fail(error));
      if (this.#ended) {
        close();
        return await over;
      }
      this.#close = close;
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#signal.addEventListener('abort', this.#aborted);
    return this.#pull();
  }

  #pull(): Promise<IteratorResult<T, undefined>> {
    if (this.#signal.aborted) return this.#reject(this.#signal.reason);
    if (this.#at < this.#queue.length) return Promise.resolve({ value: this.#shift(), done: false });
    if (this.#failure !== undefined) return this.#reject(this.#failure.error);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  #shift(): T {
    const event = this.#queue[this.#at++] as T;
    if (this.#at === this.#queue.length) {
      this.#queue = [];
      this.#at = 0;
    }
    return event;
  }

  #take(event: T): void {
    if (this.#ended || this.#failure !== undefined) return;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve({ value: event, done: false });
    } else if (this.#queue.length - this.#at < this.#limit) this.#queue.push(event);
    else this.#failure = { error: this.#beyond() };
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    waiting.resolve(this.#reject(error));
  }

  readonly #aborted = (): void => {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    waiting.resolve(this.#reject(this.#signal.reason));
  };

  #reject(error: unknown): Promise<never> {
    this.#end();
    return Promise.reject(error instanceof Error ? error : new Error('the watch failed', { cause: error }));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue = [];
    this.#signal.removeEventListener('abort', this.#aborted);
    this.#close?.();
    this.#waiting?.resolve({ value: undefined, done: true });
    this.#waiting = undefined;
  }
}

const over: Promise<IteratorReturnResult<undefined>> = Promise.resolve({ value: undefined, done: true });
