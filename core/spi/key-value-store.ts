import { token } from '#core/kernel/token.ts';

/** A stored value and the revisions that made it. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Revision of the write that made this value. */
  readonly modRevision: number;
  /** Revision of the write that made the key, since it was last absent. */
  readonly createRevision: number;
}

/** A change, in the order of revisions. `value` is undefined when the key was deleted. */
export interface KeyEvent {
  readonly key: string;
  readonly value: string | undefined;
  readonly modRevision: number;
  /** Of a deletion a `SharedStore` may not know it: 0. */
  readonly createRevision: number;
}

/** One conditional write. */
export interface KeyWrite {
  readonly key: string;
  /** The new value; undefined deletes. */
  readonly value: string | undefined;
  /** The key's current `modRevision`, 0 for "must not exist". Without it the write is unconditional. */
  readonly expected?: number;
}

/**
 * The outcome of a write. `applied: false` means that the condition did not hold: nothing changed,
 * and `current` is what is stored instead (undefined: nothing).
 */
export type KeyWriteResult =
  | { readonly applied: true; readonly revision: number }
  | { readonly applied: false; readonly current: KeyValue | undefined };

export interface KeyRange {
  /** Keys that start with this text, in the order of their UTF-8 bytes. */
  readonly prefix: string;
  /** Only keys after this one. */
  readonly after?: string;
  /** How many at most; no limit by default. */
  readonly limit?: number;
  /** The state as of this revision; the newest by default. */
  readonly revision?: number;
}

export interface KeyPage {
  readonly items: readonly KeyValue[];
  /** More keys follow in the range. */
  readonly more: boolean;
  /** The revision that this page shows. */
  readonly revision: number;
}

/** The revision that was asked for is compacted, or lies ahead. */
export class RevisionError extends Error {
  readonly kind: 'compacted' | 'future';
  readonly oldest: number;
  readonly newest: number;

  constructor(kind: 'compacted' | 'future', asked: number, oldest: number, newest: number) {
    super(kind === 'compacted' ? `revision ${asked} is compacted; the oldest kept is ${oldest}` : `revision ${asked} lies ahead of the newest, ${newest}`);
    this.name = 'RevisionError';
    this.kind = kind;
    this.oldest = oldest;
    this.newest = newest;
  }

  static is(error: unknown, kind?: 'compacted' | 'future'): error is RevisionError {
    return error instanceof Error && error.name === 'RevisionError' && (kind === undefined || (error as RevisionError).kind === kind);
  }
}

/** Receives events in order, each exactly once. Calls are synchronous; a listener must not throw. */
export interface KeyListener {
  /** All the events of one or more whole revisions. */
  events(events: readonly KeyEvent[]): void;
  /** The watch is over: the store failed or was closed. Never called after its signal is aborted. */
  closed(reason: Error): void;
}

/**
 * A small ordered store with history, after etcd's model. Implementations: `plugins/store/*`; kit: `test/conformance/key-value-store.ts`.
 *
 * Laws:
 * - There is one revision counter for the whole store. It starts at 1 (the empty store), grows by one with each applied write,
 *   and never repeats a number, not even after a crash.
 * - `write` resolves only when the write is as durable as the store can make it, and rejects when it is not known to be:
 *   then it may or may not have happened. Writes that were asked for one after the other are applied in that order.
 * - Deleting a key that is not there changes nothing: `applied: false`, no revision, no event.
 * - A read that starts after a write resolved sees that write.
 * - A listener has been given a write's event before that write's promise resolves.
 * - History is kept from the last compaction on. Reading at, or watching from, an older revision fails with `RevisionError` `compacted`;
 *   from one ahead of the newest with `future`. Watching from the newest is allowed: nothing has happened since.
 * - `compact(r)` drops values that were superseded or deleted at or before `r`; what is readable at `r` and later stays readable.
 *   A second call with the same or a smaller revision does nothing; one ahead of the newest fails with `RevisionError` `future`.
 * - A store that runs out of room may give up its history, as if it had been compacted at the newest revision. Deletions are what it
 *   accepts longest.
 * - Every call rejects after `close`; `close` waits for writes under way, and may be called twice.
 *
 * Failures other than these are `ProviderError`s: `Unavailable` (try again), `Exhausted` (the disk is full), `Throttled` (too many wait already),
 * `Invalid` (this write can never succeed), `Unknown` (the write's answer was lost).
 * What others may write to as well keeps somewhat weaker laws: see `SharedStore`.
 */
export interface KeyValueStore {
  /** Opens, or makes, the store. Needs no repair by hand, whatever happened before. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** The newest revision, and the oldest whose state can be read. */
  revisions(): Promise<{ readonly newest: number; readonly oldest: number }>;
  get(key: string): Promise<KeyValue | undefined>;
  list(range: KeyRange): Promise<KeyPage>;
  write(write: KeyWrite): Promise<KeyWriteResult>;
  /** Hands `listener` every event under `prefix` after revision `from`, until the signal aborts. Resolves when it is attached, past events delivered. */
  watch(prefix: string, from: number, listener: KeyListener, signal: AbortSignal): Promise<void>;
  compact(revision: number): Promise<void>;
}
export const KeyValueStore = token<KeyValueStore>('KeyValueStore');

/**
 * A store that others write to as well: further processes over the same data, and strangers who share nothing but the revision counter.
 *
 * Where its laws are weaker than those above:
 * - The revision grows with each applied write, but not always by one: the others' writes count too. An empty store may be at any revision.
 * - Writes that were asked for one after the other are applied in that order when they are for the same key.
 * - `compact` may leave the work to another process whose turn it is.
 *
 * And what it must do besides:
 * - `get`, `list` without a revision, and `revisions` show every write that was answered, by whichever process, before they were called.
 * - When a write is not applied, listeners have been given the event of what stood in its way before its promise resolves.
 */
export interface SharedStore extends KeyValueStore {
  /**
   * Brings the listeners up to date with everybody's writes: resolves when they have been given all events up to the revision that was
   * the newest of the whole store when this was called, or a later one, which it tells. Cheap, also for many callers at once.
   */
  progress(): Promise<number>;
}
export const isShared = (store: KeyValueStore): store is SharedStore => 'progress' in store;

/** What a backup holds beside the keys. */
export interface Backup {
  /** The one revision whose state it is. */
  readonly revision: number;
  /** Living keys. */
  readonly keys: number;
  readonly madeAt: Date;
  /** Small files that were given to keep with it, by name. Whoever made the backup chose the names: check them before they become paths. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a restored store is like. */
export interface Restored {
  /** Where the store goes on; everything before is compacted. */
  readonly revision: number;
  /** Folder to which the data was moved that was there before; undefined when there was none. */
  readonly replaced: string | undefined;
}

/**
 * An ability of stores that keep their data on this machine: a backup is one file. Bound beside `KeyValueStore` by those that have it.
 *
 * Laws:
 * - `save` gives the state of one revision, also while a store of this or another process is open on the data and being written to.
 *   It holds no writer up. Its file has mode 0600 and appears whole, synced and checked, or not at all.
 * - `inspect` and `restore` believe nothing: they check the whole file, and fail with `Invalid` when it is damaged, none of ours, or newer.
 * - `restore` fails with `Unavailable` while a store is open on the data, and replaces all or nothing, whenever it is interrupted.
 * - After `restore` revisions go on far ahead of any that a client of the data may have seen since the backup was made, and all before
 *   are compacted: no number comes to mean two things, and every watcher is told to list again.
 */
export interface KeyValueBackup {
  /** True when there is data here, be it damaged. */
  holdsData(): Promise<boolean>;
  /** Writes the backup to `file`, in place of one that is there. */
  save(file: string, files: ReadonlyMap<string, Uint8Array>, signal: AbortSignal): Promise<Backup>;
  inspect(file: string): Promise<Backup>;
  restore(file: string): Promise<Restored>;
}
export const KeyValueBackup = token<KeyValueBackup>('KeyValueBackup');
