import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { resourceName } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, type Reader } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from './back-off.ts';
import type { ChangeHandler, Informer } from './informer.ts';
import { ObjectCache, type Change } from './object-cache.ts';

export interface InformerOptions {
  readonly reader: Reader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Objects per page of a list; 500 by default. */
  readonly pageSize?: number;
}

/** A watch that ends sooner than this, and without an event, counts as a failure. */
const shortWatchMs = 1000;

/** An informer that anybody may read, and that one owner runs. Its memory is that of the objects of its kind. */
export class SharedInformer<T extends KubernetesObject> implements Informer<T> {
  readonly kind: Kind<T>;
  readonly #reader: Reader;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pageSize: number;
  readonly #backOff: BackOff;
  readonly #cache: ObjectCache<T>;
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #firstList = Promise.withResolvers<void>();
  #synced = false;
  #version: string | undefined;

  constructor(kind: Kind<T>, options: InformerOptions) {
    this.kind = kind;
    this.#reader = options.reader;
    this.#clock = options.clock;
    this.#logger = options.logger.with({ informer: resourceName(kind) });
    this.#pageSize = options.pageSize ?? 500;
    this.#backOff = new BackOff({ clock: options.clock, baseMs: 100, maxMs: 30_000, random: options.random ?? Math.random });
    this.#cache = new ObjectCache<T>((index, object, error) => this.#logger.error('an index function failed', { index, key: keyOf(object), error }));
  }

  get size(): number {
    return this.#cache.size;
  }

  get synced(): boolean {
    return this.#synced;
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  values(): IterableIterator<T> {
    return this.#cache.values();
  }

  addIndex(name: string, of: (object: T) => Iterable<string>): void {
    this.#cache.addIndex(name, of);
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#cache.byIndex(name, value);
  }

  subscribe(handler: ChangeHandler<T>): () => void {
    // A wrapper of its own for each subscription, so that one function may subscribe twice.
    const subscription: ChangeHandler<T> = (object, previous) => handler(object, previous);
    this.#handlers.add(subscription);
    for (const object of [...this.#cache.values()]) this.#tell(subscription, { object, previous: undefined });
    return () => {
      this.#handlers.delete(subscription);
    };
  }

  async whenSynced(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#synced) return;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#firstList.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Keeps the copy true until the signal aborts; then resolves. What it holds stays readable. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#version ??= await this.#list(signal);
        const worthwhile = await this.#watch(this.#version, signal);
        if (!worthwhile) await this.#backOff.wait(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
        await this.#backOff.wait(signal);
      }
    }
  }

  #failed(error: unknown): void {
    if (StatusError.is(error, 'Expired', 'Gone')) {
      this.#logger.debug('the last version seen is no longer kept; listing again', { version: this.#version });
      this.#version = undefined;
    } else {
      this.#logger.warn('list or watch failed; trying again', { error });
    }
  }

  /** Takes in all objects that there are, and returns the version from which to watch. */
  async #list(signal: AbortSignal): Promise<string> {
    const { items, version } = await this.#readAll(this.#pageSize, signal);
    this.#emit(this.#cache.replace(items));
    this.#synced = true;
    this.#firstList.resolve();
    return version;
  }

  async #readAll(limit: number | undefined, signal: AbortSignal): Promise<{ items: T[]; version: string }> {
    const items: T[] = [];
    let version: string | undefined;
    let next: string | undefined;
    do {
      try {
        const page = await this.#reader.list(this.kind, { limit, continue: next }, signal);
        // The first page's version: a later page of an inconsistent list may be newer than what the first one showed.
        version ??= page.metadata.resourceVersion;
        for (const item of page.items) items.push(item);
        next = page.metadata.continue;
      } catch (error) {
        // The list grew too old between two pages, so another paged one may as well: take all at once.
        if (next !== undefined && StatusError.is(error, 'Expired', 'Gone')) return this.#readAll(undefined, signal);
        throw error;
      }
    } while (next !== undefined && next !== '');
    if (version === undefined || version === '') throw new Error(`the list of ${resourceName(this.kind)} has no resourceVersion`);
    return { items, version };
  }

  /** Follows changes until the server ends the watch. Returns false when that was suspiciously soon. */
  async #watch(from: string, signal: AbortSignal): Promise<boolean> {
    const began = this.#clock.now();
    let worthwhile = false;
    try {
      for await (const event of this.#reader.watch(this.kind, { resourceVersion: from, bookmarks: true }, signal)) {
        if (signal.aborted) break;
        worthwhile = true;
        this.#version = event.object.metadata.resourceVersion;
        if (event.type === 'DELETED') this.#emit(this.#cache.delete(keyOf(event.object)));
        else if (event.type !== 'BOOKMARK') this.#emit(this.#cache.set(event.object));
      }
    } finally {
      worthwhile ||= this.#clock.now() - began >= shortWatchMs;
      if (worthwhile) this.#backOff.reset();
    }
    return worthwhile;
  }

  #emit(changes: readonly Change<T>[]): void {
    for (const change of changes) {
      for (const handler of [...this.#handlers]) {
        if (this.#handlers.has(handler)) this.#tell(handler, change);
      }
    }
  }

  #tell(handler: ChangeHandler<T>, change: Change<T>): void {
    try {
      handler(change.object, change.previous);
    } catch (error) {
      const about = change.object ?? change.previous;
      this.#logger.error('a change handler failed', { ...(about === undefined ? {} : { key: keyOf(about) }), error });
    }
  }
}
