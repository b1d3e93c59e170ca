import type { Clock } from '#core/kernel/clock.ts';

export interface PollerOptions<T> {
  readonly clock: Clock;
  /** Things that are not there are missing in the answer. */
  readonly describe: (ids: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, T>>;
  /** How many ids go into one call. */
  readonly most: number;
}

/**
 * Looks at a thing, or at its absence. Undefined: go on looking. What it throws ends the waiting.
 * @param waitedMs since the beginning
 */
export type Check<T, R> = (seen: T | undefined, waitedMs: number) => R | undefined;

interface Waiter<T> {
  readonly id: string;
  readonly since: number;
  due: number;
  look(seen: T | undefined, waitedMs: number): boolean;
  fail(reason: unknown): void;
}

/** Until the next look, after so long a wait. Whoever has waited for a minute can wait a little more. */
const pauseAfter = (waitedMs: number): number => (waitedMs > 60_000 ? 5000 : Math.min(2000, Math.max(500, waitedMs * 0.4)));

/** So that a thousand things that change at the same time cost few calls. */
const gapFor = (waiting: number): number => (waiting <= 3 ? 250 : waiting <= 10 ? 500 : 1000);

/** Waits for many things at once: one round of few calls looks at all of them. Each is looked at more and more seldom. */
export class SharedPoller<T> {
  readonly #options: PollerOptions<T>;
  readonly #waiters = new Set<Waiter<T>>();
  #lastRound = -Infinity;
  #timer: { readonly at: number; cancel(): void } | undefined;

  constructor(options: PollerOptions<T>) {
    this.#options = options;
  }

  /**
   * Rejects with the signal's reason when that aborts, and with what `describe` rejects with.
   * @param firstMs when it is worth while to look for the first time
   */
  until<R>(id: string, check: Check<T, R>, firstMs: number, signal: AbortSignal): Promise<R> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const since = this.#options.clock.now();
      const end = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', leave);
        if (this.#waiters.size === 0) this.#disarm();
      };
      const leave = (): void => {
        end();
        reject(signal.reason);
      };
      const waiter: Waiter<T> = {
        id, since, due: since + firstMs,
        fail: (reason) => {
          end();
          reject(reason);
        },
        look: (seen, waitedMs) => {
          try {
            const result = check(seen, waitedMs);
            if (result === undefined) return false;
            end();
            resolve(result);
          } catch (error) {
            end();
            reject(error);
          }
          return true;
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
      this.#arm();
    });
  }

  #arm(): void {
    let due = Infinity;
    for (const waiter of this.#waiters) due = Math.min(due, waiter.due);
    if (due === Infinity) return;
    const at = Math.max(due, this.#lastRound + gapFor(this.#waiters.size));
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#disarm();
    const { clock } = this.#options;
    const timer = new AbortController();
    this.#timer = { at, cancel: () => timer.abort() };
    // A sleep keeps the process alive, as whoever waits expects.
    clock.sleep(Math.max(0, at - clock.now()), timer.signal).then(() => {
      if (timer.signal.aborted) return;
      this.#timer = undefined;
      this.#round();
    }, () => undefined);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #round(): void {
    const now = this.#options.clock.now();
    this.#lastRound = now;
    for (const waiters of this.#chosen(now)) {
      // Not due again before the answer, nor for ever when it does not come.
      for (const waiter of waiters) this.#postpone(waiter, now);
      void this.#ask(waiters);
    }
    this.#arm();
  }

  /** Those that are due, and as many of the next ones as have room in the last call. */
  #chosen(now: number): Waiter<T>[][] {
    const calls: { readonly ids: Set<string>; readonly waiters: Waiter<T>[] }[] = [];
    const byDue = [...this.#waiters].sort((a, b) => a.due - b.due);
    for (const waiter of byDue) {
      let call = calls.at(-1);
      if (call === undefined || (call.ids.size >= this.#options.most && !call.ids.has(waiter.id))) {
        if (waiter.due > now) break;
        calls.push(call = { ids: new Set(), waiters: [] });
      }
      call.ids.add(waiter.id);
      call.waiters.push(waiter);
    }
    return calls.map(({ waiters }) => waiters);
  }

  #postpone(waiter: Waiter<T>, now: number): void {
    // Whoever was only taken along keeps its own time.
    if (waiter.due <= now) waiter.due = now + pauseAfter(now - waiter.since);
  }

  async #ask(waiters: readonly Waiter<T>[]): Promise<void> {
    const left = (): readonly Waiter<T>[] => waiters.filter((waiter) => this.#waiters.has(waiter));
    try {
      const seen = await this.#options.describe([...new Set(waiters.map(({ id }) => id))], new AbortController().signal);
      const now = this.#options.clock.now();
      for (const waiter of left()) waiter.look(seen.get(waiter.id), now - waiter.since);
    } catch (error) {
      for (const waiter of left()) waiter.fail(error);
    }
  }
}
