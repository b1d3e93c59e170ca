import type { KeyValue } from '#core/spi/key-value-store.ts';

/** Rows side by side: parallel arrays cross threads at a third of the cost of as many objects. */
export interface Rows {
  readonly keys: string[];
  /** Null where the row is a deletion. */
  readonly values: (string | null)[];
  readonly revisions: number[];
  readonly created: number[];
}

export interface Revisions {
  readonly newest: number;
  readonly oldest: number;
}

/** Conditional writes, side by side. */
export interface Batch {
  readonly keys: readonly string[];
  readonly values: readonly (string | null)[];
  readonly expected: readonly (number | undefined)[];
}

/** What became of a batch's writes, in their order. */
export interface Outcome {
  /** The revision of the write; 0 when its condition did not hold, -1 when it was refused for want of room. */
  readonly revisions: number[];
  /** The create revision of the key. */
  readonly created: number[];
  /** What was stored instead, by the write's index. */
  readonly conflicts: Map<number, KeyValue>;
  /** The disk is full. */
  readonly short: boolean;
}

export interface PageRequest {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly limit: number;
  readonly revision: number | undefined;
}

export interface Page {
  readonly rows: Rows;
  readonly more: boolean;
  readonly revision: number;
}

export interface Changes {
  readonly rows: Rows;
  /** All the changes up to this revision are in the page. */
  readonly to: number;
}

/** What the worker does for the main thread: one call after the other, in the order in which they were sent. */
export interface Calls {
  /** `reserve` is how many bytes of the disk are kept to clear up with when it is full. */
  open(file: string, reserve: number): Revisions;
  /** One transaction, one fsync. Throws with nothing changed. When the disk is full, deletions are applied alone. */
  commit(batch: Batch): Outcome;
  get(key: string): KeyValue | undefined;
  /** May hold fewer rows than the limit, and yet `more`, when they are large. */
  list(request: PageRequest): Page;
  /** A bounded page of the changes under `prefix` after revision `from`. */
  changes(prefix: string, from: number): Changes;
  /** Moves the oldest readable revision; the room is won back by `sweep`. */
  compact(revision: number): Revisions;
  /** One small step of clearing up after compactions. False when there is nothing left to do. */
  sweep(): boolean;
  close(): void;
}

export type Call = { [Method in keyof Calls]: { readonly id: number; readonly method: Method; readonly args: Parameters<Calls[Method]> } }[keyof Calls];

export type Reply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failure: Failure };

/** An error on its way between threads, which keep no classes. */
export type Failure =
  | { readonly kind: 'compacted' | 'future'; readonly asked: number; readonly oldest: number; readonly newest: number }
  | { readonly kind: 'Unavailable' | 'Exhausted' | 'Invalid'; readonly message: string; readonly cause: unknown };
