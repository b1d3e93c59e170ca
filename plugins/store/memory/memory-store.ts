import { ProviderError } from '#core/spi/errors.ts';
import { RevisionError, type KeyEvent, type KeyListener, type KeyPage, type KeyRange, type KeyValue, type KeyValueStore, type KeyWrite, type KeyWriteResult } from '#core/spi/key-value-store.ts';
import { checkWrite } from '#plugins/store/check-write.ts';
import { Listeners } from '#plugins/store/listeners.ts';
import { keptVersions } from './kept-versions.ts';
import { SortedKeys } from './sorted-keys.ts';

/** Past events that a new watcher is handed at a time. */
const replayEvents = 1000;

/** `KeyValueStore` in this process's memory: for tests and throw-away clusters. What it holds goes with it. */
export class MemoryStore implements KeyValueStore {
  readonly #listeners = new Listeners();
  /** Every version of a key since the last compaction, deletions too, oldest first. */
  readonly #versions = new Map<string, KeyEvent[]>();
  readonly #keys = new SortedKeys();
  /** One event for each revision after `#oldest`. */
  #log: KeyEvent[] = [];
  #newest = 1;
  #oldest = 1;
  #state: 'new' | 'open' | 'closed' = 'new';

  async open(): Promise<void> {
    if (this.#state === 'closed') throw closed();
    this.#state = 'open';
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#listeners.end(closed());
  }

  async revisions(): Promise<{ newest: number; oldest: number }> {
    this.#serving();
    return { newest: this.#newest, oldest: this.#oldest };
  }

  async get(key: string): Promise<KeyValue | undefined> {
    this.#serving();
    return this.#at(key, this.#newest);
  }

  async list({ prefix, after, limit = Infinity, revision = this.#newest }: KeyRange): Promise<KeyPage> {
    this.#serving();
    this.#refuseOutside(revision);
    const items: KeyValue[] = [];
    for (const key of this.#keys.range(prefix, after)) {
      const item = this.#at(key, revision);
      if (item && items.length >= limit) return { items, more: true, revision };
      if (item) items.push(item);
    }
    return { items, more: false, revision };
  }

  async write(write: KeyWrite): Promise<KeyWriteResult> {
    this.#serving();
    checkWrite(write);
    const { key, value, expected } = write;
    const current = this.#at(key, this.#newest);
    if ((expected !== undefined && expected !== (current?.modRevision ?? 0)) || (value === undefined && !current)) return { applied: false, current };
    const revision = ++this.#newest;
    this.#record({ key, value, modRevision: revision, createRevision: current?.createRevision ?? revision });
    return { applied: true, revision };
  }

  async watch(prefix: string, from: number, listener: KeyListener, signal: AbortSignal): Promise<void> {
    let seen = from;
    // A listener may use the store meanwhile: what it writes is in the log too, and it may compact or close.
    for (;;) {
      this.#serving();
      this.#refuseOutside(seen);
      signal.throwIfAborted();
      if (seen === this.#newest) break;
      const page = this.#log.slice(seen - this.#oldest, seen - this.#oldest + replayEvents);
      seen += page.length;
      const events = page.filter(({ key }) => key.startsWith(prefix));
      if (events.length > 0) listener.events(events);
    }
    this.#listeners.attach(prefix, seen, listener, signal);
  }

  async compact(revision: number): Promise<void> {
    this.#serving();
    if (revision > this.#newest) throw new RevisionError('future', revision, this.#oldest, this.#newest);
    if (revision <= this.#oldest) return;
    const passed = this.#log.splice(0, revision - this.#oldest);
    this.#oldest = revision;
    const gone = new Set<string>();
    for (const key of new Set(passed.map((event) => event.key))) {
      const kept = keptVersions(this.#versions.get(key) ?? [], revision);
      if (kept.length > 0) this.#versions.set(key, kept);
      else gone.add(key);
    }
    for (const key of gone) this.#versions.delete(key);
    this.#keys.removeAll(gone);
  }

  #record(event: KeyEvent): void {
    const versions = this.#versions.get(event.key);
    if (versions) versions.push(event);
    else {
      this.#versions.set(event.key, [event]);
      this.#keys.add(event.key);
    }
    this.#log.push(event);
    this.#listeners.deliver([event]);
  }

  #at(key: string, revision: number): KeyValue | undefined {
    const version = this.#versions.get(key)?.findLast(({ modRevision }) => modRevision <= revision);
    if (version?.value === undefined) return undefined;
    return { key, value: version.value, modRevision: version.modRevision, createRevision: version.createRevision };
  }

  #serving(): void {
    if (this.#state === 'closed') throw closed();
    if (this.#state === 'new') throw new ProviderError('Unavailable', 'the store is not open');
  }

  #refuseOutside(revision: number): void {
    if (revision < this.#oldest) throw new RevisionError('compacted', revision, this.#oldest, this.#newest);
    if (revision > this.#newest) throw new RevisionError('future', revision, this.#oldest, this.#newest);
  }
}

const closed = (): ProviderError => new ProviderError('Unavailable', 'the store is closed');
