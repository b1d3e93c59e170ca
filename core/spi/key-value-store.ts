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
 * - Every call rejects after `close`; `close` waits for writes under way, and may be called twice.
 *
 * Failures other than these are `ProviderError`s: `Unavailable` (try again), `Exhausted` (the disk is full).
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
