import { Event } from '#core/api/schema/core-v1/event.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informers } from '#core/reconcile/informer.ts';

export interface EventTtlOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly ttlMs?: number;
  readonly sweepMs?: number;
}

const pageSize = 500;
const atOnce = 16;
/** After so many pages a sweep makes room for others, and goes on from there. */
const pagesPerSweep = 20;
const pauseMs = 1_000;
const key = 'sweep';

/** Deletes events an hour after they last happened. They are listed page by page now and then, never watched or kept. */
export class EventTtlController implements Controller {
  readonly name = 'event-ttl';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #sweepMs: number;
  #next: { readonly due: number; readonly from: string | undefined };

  constructor({ client, informers, clock, ttlMs = 60 * 60_000, sweepMs = 3 * 60_000 }: EventTtlOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
    this.#sweepMs = sweepMs;
    this.#next = { due: clock.now(), from: undefined };
    // There are no events without a namespace, and no other cause to sweep than time.
    this.sources = [source(informers.for(Namespace), (_namespace, previous) => (previous === undefined ? [key] : []))];
  }

  async reconcile(_key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const now = this.#clock.now();
    if (now >= this.#next.due) {
      const from = await this.#sweep(this.#next.from, now, signal);
      this.#next = { due: this.#clock.now() + (from === undefined ? this.#sweepMs : pauseMs), from };
    }
    return { requeueAfterMs: Math.max(1, this.#next.due - this.#clock.now()) };
  }

  /** Resolves to where to go on; undefined at the end. */
  async #sweep(from: string | undefined, now: number, signal: AbortSignal): Promise<string | undefined> {
    let next = from;
    for (let pages = 0; pages < pagesPerSweep; pages++) {
      const page = await this.#page(next, signal);
      await this.#deleteAll(page.items.filter((event) => now - lastSeen(event) >= this.#ttlMs), signal);
      next = page.metadata.continue;
      if (next === undefined || next === '') return undefined;
    }
    return next;
  }

  async #page(from: string | undefined, signal: AbortSignal) {
    try {
      return await this.#client.list(Event, { limit: pageSize, continue: from }, signal);
    } catch (error) {
      if (from === undefined || !StatusError.is(error, 'Expired', 'Gone')) throw error;
      return this.#client.list(Event, { limit: pageSize }, signal);
    }
  }

  async #deleteAll(expired: Event[], signal: AbortSignal): Promise<void> {
    const worker = async (): Promise<void> => {
      for (let event = expired.pop(); event !== undefined; event = expired.pop()) {
        try {
          await this.#client.delete(Event, event.metadata, { preconditions: { resourceVersion: event.metadata.resourceVersion } }, signal);
        } catch (error) {
          // Gone, or it has just happened again.
          if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, expired.length) }, worker));
  }
}

/** Milliseconds since the epoch. */
function lastSeen({ lastTimestamp, series, eventTime, metadata }: Event): number {
  const times = [lastTimestamp, series?.lastObservedTime, eventTime, metadata.creationTimestamp].map((text) => (text === undefined ? Number.NaN : Date.parse(text)));
  return Math.max(...times.filter((time) => !Number.isNaN(time)));
}
