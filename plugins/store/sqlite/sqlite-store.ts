import type { Worker } from 'node:worker_threads';
import { ProviderError } from '#core/spi/errors.ts';
import { RevisionError, type KeyEvent, type KeyListener, type KeyPage, type KeyRange, type KeyValue, type KeyValueStore, type KeyWrite, type KeyWriteResult } from '#core/spi/key-value-store.ts';
import { checkWrite } from '#plugins/store/check-write.ts';
import { Listeners } from '#plugins/store/listeners.ts';
import { noRoom } from './errors.ts';
import { databaseFile } from './files.ts';
import type { Outcome, Revisions, Rows } from './protocol.ts';
import { startWorker, WorkerLink } from './worker-link.ts';
import { WriteQueue } from './write-queue.ts';

export interface SqliteOptions {
  /** Folder of `state.db`; must exist. */
  readonly stateDir: string;
  /** Writes that may wait for a commit before more are refused as `Throttled`; 10,000 by default. */
  readonly maxWaitingWrites?: number;
  /** Bytes of the disk that are kept to clear up with when it is full; 16 MiB by default. */
  readonly reserveBytes?: number;
}

/** `KeyValueStore` over SQLite in a worker thread, with group commit. One instance is opened once. */
export class SqliteStore implements KeyValueStore {
  readonly #options: SqliteOptions;
  readonly #file: string;
  readonly #startWorker: () => Worker;
  readonly #listeners = new Listeners();
  readonly #writes: WriteQueue;
  readonly #lists = new Set<Promise<unknown>>();
  #link: WorkerLink | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #failure: ProviderError | undefined;
  #compaction: Promise<void> = Promise.resolve();
  #clearing: Promise<void> | undefined;
  /** The newest revision when the disk was found full and history was given up. */
  #clearedAt = 0;
  /** As delivered to the listeners; every revision that a caller can know is at or before the newest. */
  #revisions: Revisions = { newest: 1, oldest: 1 };

  constructor(options: SqliteOptions, worker: () => Worker = startWorker) {
    this.#options = options;
    this.#file = databaseFile(options.stateDir);
    this.#startWorker = worker;
    this.#writes = new WriteQueue((writes) => this.#commit(writes), {
      waiting: options.maxWaitingWrites ?? 10_000, waitingCharacters: 64 << 20, batch: 512, batchCharacters: 4 << 20,
    });
  }

  /** Writes that wait for a commit to begin. */
  get waitingWrites(): number {
    return this.#writes.length;
  }

  open(): Promise<void> {
    if (this.#closing) return Promise.reject(closed());
    return (this.#opening ??= this.#start());
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shutDown());
  }

  async revisions(): Promise<Revisions> {
    this.#serving();
    return this.#revisions;
  }

  async get(key: string): Promise<KeyValue | undefined> {
    return this.#serving().call('get', key);
  }

  async list(range: KeyRange): Promise<KeyPage> {
    const pages = this.#pages(this.#serving(), range);
    this.#lists.add(pages);
    return pages.finally(() => this.#lists.delete(pages));
  }

  async write(write: KeyWrite): Promise<KeyWriteResult> {
    this.#serving();
    checkWrite(write);
    return this.#writes.add(write);
  }

  async watch(prefix: string, from: number, listener: KeyListener, signal: AbortSignal): Promise<void> {
    const link = this.#serving();
    signal.throwIfAborted();
    const { newest, oldest } = this.#revisions;
    if (from < oldest) throw new RevisionError('compacted', from, oldest, newest);
    if (from > newest) throw new RevisionError('future', from, oldest, newest);
    let seen = from;
    // Answers come in order, so when a page ends at the newest revision that was delivered, nothing lies between it and the live events.
    while (seen < this.#revisions.newest) {
      const { rows, to } = await link.call('changes', prefix, seen);
      signal.throwIfAborted();
      if (rows.keys.length > 0) listener.events(eventsOf(rows));
      seen = to;
    }
    this.#listeners.attach(prefix, seen, listener, signal);
  }

  async compact(revision: number): Promise<void> {
    const link = this.#serving();
    const { newest, oldest } = this.#revisions;
    if (revision > newest) throw new RevisionError('future', revision, oldest, newest);
    return this.#afterLists(() => this.#compactTo(link, revision));
  }

  async #start(): Promise<void> {
    const link = new WorkerLink(this.#startWorker(), (error) => {
      this.#failure = error;
      this.#listeners.end(error);
    });
    try {
      this.#revisions = await link.call('open', this.#file, this.#options.reserveBytes ?? 16 << 20);
      this.#link = link;
    } catch (error) {
      await link.stop(closed());
      throw error;
    }
  }

  async #shutDown(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await this.#writes.drained();
    await this.#link?.call('close').catch(() => undefined);
    await this.#link?.stop(closed());
    this.#listeners.end(closed());
  }

  #serving(): WorkerLink {
    if (this.#closing) throw closed();
    if (this.#failure) throw this.#failure;
    if (!this.#link) throw new ProviderError('Unavailable', 'the store is not open');
    return this.#link;
  }

  async #commit(writes: readonly KeyWrite[]): Promise<(KeyWriteResult | ProviderError)[]> {
    if (!this.#link) throw closed();
    const outcome = await this.#link.call('commit', {
      keys: writes.map(({ key }) => key), values: writes.map(({ value }) => value ?? null), expected: writes.map(({ expected }) => expected),
    });
    this.#deliver(writes, outcome);
    if (outcome.short) this.#makeRoom(this.#link);
    return outcome.revisions.map((revision, index) => {
      if (revision < 0) return new ProviderError('Exhausted', noRoom(this.#file));
      return revision > 0 ? { applied: true, revision } : { applied: false, current: outcome.conflicts.get(index) };
    });
  }

  #deliver(writes: readonly KeyWrite[], { revisions, created }: Outcome): void {
    const newest = Math.max(this.#revisions.newest, ...revisions);
    this.#revisions = { ...this.#revisions, newest };
    if (this.#listeners.size === 0) return;
    const events: KeyEvent[] = [];
    writes.forEach(({ key, value }, index) => {
      const modRevision = revisions[index] ?? 0;
      if (modRevision > 0) events.push({ key, value, modRevision, createRevision: created[index] ?? modRevision });
    });
    this.#listeners.deliver(events);
  }

  /** The whole list, page by page so that writes go on meanwhile, all at one revision. */
  async #pages(link: WorkerLink, range: KeyRange): Promise<KeyPage> {
    const limit = Math.max(0, range.limit ?? Infinity);
    const items: KeyValue[] = [];
    let { after, revision } = range;
    for (;;) {
      const page = await link.call('list', { prefix: range.prefix, after, limit: limit - items.length, revision });
      appendItems(items, page.rows);
      ({ revision } = page);
      after = items.at(-1)?.key;
      if (!page.more || items.length >= limit) return { items, more: page.more, revision: page.revision };
    }
  }

  /** The disk is full: what is there stays, and history goes. */
  #makeRoom(link: WorkerLink): void {
    const { newest } = this.#revisions;
    if (this.#clearing || newest === this.#clearedAt) return;
    this.#clearedAt = newest;
    // When there is no room even for that, the next deletion or the next round of compaction tries again.
    this.#clearing = this.#afterLists(() => this.#compactTo(link, newest)).catch(() => undefined).finally(() => {
      this.#clearing = undefined;
    });
  }

  /** Lists of several pages read them all at their first one's revision, which must not go away meanwhile. */
  #afterLists(compact: () => Promise<void>): Promise<void> {
    return (this.#compaction = Promise.allSettled([this.#compaction, ...this.#lists]).then(compact));
  }

  async #compactTo(link: WorkerLink, revision: number): Promise<void> {
    const { oldest } = await link.call('compact', revision);
    this.#revisions = { ...this.#revisions, oldest };
    // Each step is a call of its own: writes that arrive meanwhile get their turn in between.
    while (await link.call('sweep'));
  }
}

const closed = (): ProviderError => new ProviderError('Unavailable', 'the store is closed');

function eventsOf({ keys, values, revisions, created }: Rows): KeyEvent[] {
  return keys.map((key, index) => ({ key, value: values[index] ?? undefined, modRevision: revisions[index] ?? 0, createRevision: created[index] ?? 0 }));
}

function appendItems(items: KeyValue[], { keys, values, revisions, created }: Rows): void {
  keys.forEach((key, index) => items.push({ key, value: values[index] ?? '', modRevision: revisions[index] ?? 0, createRevision: created[index] ?? 0 }));
}
