import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { KeyEvent, KeyListener } from '#core/spi/key-value-store.ts';
import { Listeners } from '#plugins/store/listeners.ts';
import { Feed } from './feed.ts';
import type { Layout } from './layout.ts';
import type { Members } from './members.ts';

export interface SharedWatchOptions {
  readonly timeoutMs: number;
  /** The newest revision of the whole cluster. */
  readonly newest: () => Promise<number>;
  /** Writes the marker anew, which this watch will see; its revision. */
  readonly touch: () => Promise<number>;
}

interface Waiter {
  readonly revision: number;
  /** It will come by itself. */
  readonly eventful: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A watch that is behind is asked how far it is, and given something to see when it does not say. */
const askMs = 100;
const touchMs = 500;
const touchInexactMs = 20;

/** The one watch that feeds all listeners, and tells how far they are. */
export class SharedWatch {
  readonly #members: Members;
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #options: SharedWatchOptions;
  readonly #waiters = new Set<Waiter>();
  #listeners = new Listeners();
  #feed: Feed | undefined;
  #ended: Error | undefined;
  #urging = false;
  #began = new AbortController();
  /** Listeners have been given everything up to this revision. */
  seen = 0;
  /** The newest revision at which something happened to the store's keys, as far as this watch has seen. */
  lastEvent: number | undefined;
  /** Resolves when the watch runs. */
  ready: Promise<void> = Promise.resolve();

  constructor(members: Members, layout: Layout, clock: Clock, options: SharedWatchOptions) {
    this.#members = members;
    this.#layout = layout;
    this.#clock = clock;
    this.#options = options;
  }

  /** `from` is the newest revision. */
  async start(from: number): Promise<void> {
    this.seen = from;
    this.lastEvent = undefined;
    const feed = new Feed(this.#members, this.#layout, this.#clock, { revision: from, resuming: false }, {
      advance: (events, upTo, eventful) => this.#advance(events, upTo, eventful),
      lost: (error) => this.restart(error),
    });
    this.#feed = feed;
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(this.#options.timeoutMs, () => late.reject(new ProviderError('Unavailable', 'etcd does not accept a watch', { cause: feed.trouble })));
    try {
      await Promise.race([feed.start(), late.promise]);
    } finally {
      cancel();
    }
  }

  /** `listener` gets what comes after revision `seen`; nothing may have happened between it and what this watch has seen. */
  attach(prefix: string, seen: number, listener: KeyListener, signal: AbortSignal): void {
    this.#listeners.attach(prefix, seen, listener, signal);
  }

  /** Makes sure that there is a `lastEvent`. */
  async mark(): Promise<void> {
    await this.reach(await this.#options.touch(), true);
  }

  /**
   * Resolves when the listeners have been given everything up to `revision`.
   * `eventful`: something happened to the store's keys at it, so that it will come by itself.
   */
  async reach(revision: number, eventful: boolean): Promise<void> {
    if (this.#ended) throw this.#ended;
    if (this.seen >= revision) return;
    const done = Promise.withResolvers<void>();
    const waiter: Waiter = { revision, eventful, resolve: done.resolve, reject: done.reject };
    const cancel = this.#clock.after(this.#options.timeoutMs, () => done.reject(new ProviderError('Unavailable', `the watch on etcd did not reach revision ${revision} in time`, { cause: this.#feed?.trouble })));
    this.#waiters.add(waiter);
    if (!eventful) this.#urge();
    try {
      await done.promise;
    } finally {
      cancel();
      this.#waiters.delete(waiter);
    }
  }

  /** Aborts when this watch ends or begins anew: whoever is on the way to join it has missed something. */
  get over(): AbortSignal {
    return this.#began.signal;
  }

  /** Every listener is told that its watch is over; those that come later begin with the newest revision. */
  restart(reason: Error): void {
    if (this.#ended) return;
    this.#feed?.stop();
    this.#began.abort(reason);
    this.#began = new AbortController();
    this.#listeners.end(reason);
    this.#listeners = new Listeners();
    this.seen = 0;
    this.ready = this.#begin();
  }

  /** The watch is over for good. */
  end(reason: Error): void {
    this.#ended = reason;
    this.#feed?.stop();
    this.#began.abort(reason);
    this.#listeners.end(reason);
    for (const { reject } of this.#waiters) reject(reason);
  }

  async #begin(): Promise<void> {
    while (!this.#ended) {
      try {
        const newest = await this.#options.newest();
        await this.start(newest);
        return this.#settle();
      } catch {
        this.#feed?.stop();
        await this.#clock.sleep(askMs);
      }
    }
  }

  #advance(events: readonly KeyEvent[], upTo: number, eventful: boolean): void {
    this.seen = upTo;
    if (eventful) this.lastEvent = upTo;
    if (events.length > 0) this.#listeners.deliver(events);
    this.#settle();
  }

  #settle(): void {
    for (const { revision, resolve } of this.#waiters) if (revision <= this.seen) resolve();
  }

  /** Where nothing happens to the store's keys, the watch does not move by itself although the revision does. */
  #urge(): void {
    if (this.#feed?.progressIsExact) this.#feed.requestProgress();
    if (this.#urging) return;
    this.#urging = true;
    this.#urgeOn().catch(() => undefined).finally(() => {
      this.#urging = false;
    });
  }

  async #urgeOn(): Promise<void> {
    const begin = performance.now();
    while (!this.#ended) {
      const exact = this.#feed?.progressIsExact ?? false;
      await this.#clock.sleep(exact ? askMs : touchInexactMs);
      if ([...this.#waiters].every(({ eventful }) => eventful)) return;
      if (exact) this.#feed?.requestProgress();
      if (!exact || performance.now() - begin >= touchMs) await this.#options.touch();
    }
  }
}
