import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { ProviderError } from '#core/spi/errors.ts';
import type { Rows } from './protocol.ts';
import { Reads } from './reads.ts';
import { integer, newestRevision, text } from './schema.ts';

/** How often a copy may begin anew because the history that it needed was compacted meanwhile. */
const attempts = 3;

/**
 * Copies the living keys of a store that is being written to, at one revision. No read transaction is longer than a page, a few
 * milliseconds: so the writers' log never waits for the copy. The pages are of different moments; what changed since they were
 * read is in the store's own log, and is applied until the copy has caught up. Returns the copy's revision.
 */
export async function copyKeys(source: DatabaseSync, draft: DatabaseSync, signal: AbortSignal): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      const copy = new Copy(source, draft);
      let more = true;
      while (more) {
        // Lets a Ctrl-C through.
        await setImmediate();
        signal.throwIfAborted();
        more = copy.page();
        copy.catchUp();
      }
      return copy.finish();
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      if (attempt === attempts) throw new ProviderError('Unavailable', `the store is written to, and its history dropped, faster than it can be copied; ${attempts} attempts were made`, { cause: error });
    }
  }
}

class Overtaken extends Error {}

class Copy {
  readonly #source: DatabaseSync;
  readonly #draft: DatabaseSync;
  readonly #reads: Reads;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  #after: string | undefined;
  /** All that happened up to this revision is in the copy, as far as the pages have got. */
  #reached: number;

  constructor(source: DatabaseSync, draft: DatabaseSync) {
    this.#source = source;
    this.#draft = draft;
    this.#reads = new Reads(source);
    this.#put = draft.prepare('INSERT OR REPLACE INTO objects (key, revision, created, value) VALUES (?, ?, ?, ?)');
    this.#remove = draft.prepare('DELETE FROM objects WHERE key = ?');
    this.#reached = newestRevision(source);
    draft.exec('DELETE FROM objects');
  }

  /** Copies the next keys; false when these were the last. */
  page(): boolean {
    const { rows, more } = this.#reads.list({ prefix: '', after: this.#after, limit: Infinity, revision: undefined }, 0);
    this.#apply(rows);
    this.#after = rows.keys.at(-1) ?? this.#after;
    return more;
  }

  /** Applies what happened since. */
  catchUp(): void {
    while (this.#reached < this.#applyChanges());
  }

  /** Catches up for the last time, and compares the copy with the store as it was at that very moment. */
  finish(): number {
    this.#source.exec('BEGIN');
    try {
      this.catchUp();
      // A revision stands for one key and value. Cut to 32 bits, the sum of them fits for any number of keys.
      const held = text(this.#source, "SELECT count(*) || ' keys, sum ' || total(rev & 0xffffffff) FROM current");
      const copied = text(this.#draft, "SELECT count(*) || ' keys, sum ' || total(revision & 0xffffffff) FROM objects");
      if (held !== copied) throw new Error(`the copy is not the store: it has ${copied}, and not ${held}`);
    } finally {
      this.#source.exec('COMMIT');
    }
    return this.#reached;
  }

  /** Applies one page, and returns the store's newest revision. */
  #applyChanges(): number {
    const newest = newestRevision(this.#source);
    const { rows, to } = this.#reads.changes('', this.#reached, newest);
    // Asked last: what was not compacted now was not when the changes were read either.
    const compacted = integer(this.#source, "SELECT value FROM meta WHERE name = 'compacted'");
    if (compacted > this.#reached) throw new Overtaken(`revision ${this.#reached} is compacted; the oldest kept is ${compacted}`);
    this.#apply(rows);
    this.#reached = to;
    return newest;
  }

  /** What a page has already is applied once more with the changes that made it so: it ends the same. */
  #apply({ keys, values, revisions, created }: Rows): void {
    this.#draft.exec('BEGIN');
    keys.forEach((key, index) => {
      const value = values[index] ?? null;
      if (value === null) this.#remove.run(key);
      else this.#put.run(key, revisions[index] ?? 0, created[index] ?? 0, value);
    });
    this.#draft.exec('COMMIT');
  }
}
