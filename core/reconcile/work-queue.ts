import type { Clock } from '#core/kernel/clock.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Wait after the first failure of a key, in milliseconds; doubles with each further one. 5 by default. */
  readonly baseDelayMs?: number;
  /** The longest wait before jitter, in milliseconds. Five minutes by default. */
  readonly maxDelayMs?: number;
  /** Share of a back-off by which it varies up or down. 0.1 by default. */
  readonly jitter?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** The queue was closed; nobody should wait for a key any more. */
export class QueueClosedError extends Error {
  constructor() {
    super('the work queue is closed');
    this.name = 'QueueClosedError';
  }
}

interface Waiter {
  readonly signal: AbortSignal;
  give(key: string): void;
  refuse(reason: unknown): void;
}

interface Delay {
  readonly due: number;
  cancel(): void;
}

/** setTimeout fires at once beyond this. A key that comes too early does no harm. */
const longestTimer = 2 ** 31 - 1;

/**
 * Keys that need looking at, first come first served.
 *
 * - A key stands in the queue once, however often it is added.
 * - A key that is added while somebody works on it comes again, once, after `done`.
 * - A key that is handed out takes its pending delay with it: who works on it sees everything up to now, and decides what comes next.
 * - Memory is bounded by the number of distinct keys, which are names of objects; failure counts go with `forget`.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #jitter: number;
  readonly #random: () => number;
  readonly #ready = new Set<string>();
  #inOrder = this.#ready.values();
  readonly #processing = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delays = new Map<string, Delay>();
  readonly #failures = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  /** Those that anybody has ever waited with, until they abort. */
  readonly #signals = new Map<AbortSignal, () => void>();
  #scheduled = false;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#baseDelayMs = options.baseDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 300_000;
    this.#jitter = options.jitter ?? 0.1;
    this.#random = options.random ?? Math.random;
  }

  /** Keys that could be handed out now. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delays.size;
  }

  /** Keys that were handed out and are not done. */
  get processing(): number {
    return this.#processing.size;
  }

  /** Keys that failed last time. */
  get failing(): number {
    return this.#failures.size;
  }

  add(key: string): void {
    if (this.#closed) return;
    if (this.#processing.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#ready.add(key);
    this.#handOutSoon();
  }

  /** Adds the key after `ms`, unless it is due earlier already. @throws {RangeError} when `ms` is no number */
  addAfter(key: string, ms: number): void {
    if (Number.isNaN(ms)) throw new RangeError(`cannot add ${key} after NaN ms`);
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.now() + ms;
    const pending = this.#delays.get(key);
    if (pending !== undefined && pending.due <= due) return;
    pending?.cancel();
    const cancel = this.#clock.after(Math.min(ms, longestTimer), () => {
      this.#delays.delete(key);
      this.add(key);
    });
    this.#delays.set(key, { due, cancel });
  }

  /** Counts a failure of the key and adds it after its back-off, and not before `atLeastMs`. Returns the wait in milliseconds. */
  addRateLimited(key: string, atLeastMs = 0): number {
    const failures = this.#failures.get(key) ?? 0;
    const backOff = Math.min(this.#maxDelayMs, this.#baseDelayMs * 2 ** Math.min(failures, 60));
    const wait = Math.max(atLeastMs, backOff * (1 + this.#jitter * (2 * this.#random() - 1)));
    if (!this.#closed) this.#failures.set(key, failures + 1);
    this.addAfter(key, wait);
    return wait;
  }

  /** Forgets the failures of the key. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often the key has failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, which nobody else gets until `done`. Few signals should be used with one queue, since it remembers them. Rejects with the signal's reason, or with `QueueClosedError`. */
  get(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.#closed) {
        reject(new QueueClosedError());
        return;
      }
      this.#listenTo(signal);
      this.#waiters.add({ signal, give: resolve, refuse: reject });
      this.#handOutSoon();
    });
  }

  /** The work on the key is over. */
  done(key: string): void {
    this.#processing.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Drops all keys, refuses who waits for one, and ignores what is added from now on. */
  close(): void {
    this.#closed = true;
    for (const delay of this.#delays.values()) delay.cancel();
    this.#delays.clear();
    this.#ready.clear();
    this.#again.clear();
    this.#failures.clear();
    this.#refuse(new QueueClosedError());
    for (const [signal, aborted] of this.#signals) signal.removeEventListener('abort', aborted);
    this.#signals.clear();
  }

  /** Once for all who wait with this signal, workers that come back again and again: listening and not listening costs more than the rest of a wait. */
  #listenTo(signal: AbortSignal): void {
    if (this.#signals.has(signal)) return;
    const aborted = (): void => {
      this.#signals.delete(signal);
      this.#refuse(signal.reason, signal);
    };
    this.#signals.set(signal, aborted);
    signal.addEventListener('abort', aborted, { once: true });
  }

  #refuse(reason: unknown, signal?: AbortSignal): void {
    for (const waiter of this.#waiters) {
      if (signal !== undefined && waiter.signal !== signal) continue;
      this.#waiters.delete(waiter);
      waiter.refuse(reason);
    }
  }

  /** In a microtask, so that a burst of changes that all lead to one key is seen as one. */
  #handOutSoon(): void {
    if (this.#scheduled || this.#waiters.size === 0 || this.#ready.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#handOut();
    });
  }

  #handOut(): void {
    for (const waiter of this.#waiters) {
      const key = this.#takeFirst();
      if (key === undefined) return;
      this.#processing.add(key);
      this.#delays.get(key)?.cancel();
      this.#delays.delete(key);
      this.#waiters.delete(waiter);
      waiter.give(key);
    }
  }

  /** One iterator lives on from call to call: a new one would walk again over the holes of all keys taken before. */
  #takeFirst(): string | undefined {
    let next = this.#inOrder.next();
    if (next.done === true) {
      this.#inOrder = this.#ready.values();
      next = this.#inOrder.next();
    }
    if (next.done === true) return undefined;
    this.#ready.delete(next.value);
    return next.value;
  }
}
