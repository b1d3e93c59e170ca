import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyValue } from '#core/spi/key-value-store.ts';
import type { Batch, Outcome } from './protocol.ts';

/** Applies batches of conditional writes, each batch in one transaction. */
export class Commits {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #find: StatementSync;
  readonly #value: StatementSync;
  readonly #log: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#find = database.prepare('SELECT rev, created FROM current WHERE key = ?');
    this.#value = database.prepare('SELECT value FROM log WHERE rev = ?');
    this.#log = database.prepare('INSERT INTO log (rev, key, created, prev, value) VALUES (?, ?, ?, ?, ?)');
    this.#insert = database.prepare('INSERT INTO current (rev, created, key) VALUES (?, ?, ?)');
    this.#update = database.prepare('UPDATE current SET rev = ? WHERE key = ?');
    this.#remove = database.prepare('DELETE FROM current WHERE key = ?');
  }

  /** Revisions are counted on from `newest`. */
  apply(batch: Batch, newest: number): Outcome {
    const outcome: Outcome = { revisions: [], created: [], conflicts: new Map(), short: false };
    let revision = newest;
    this.#begin.run();
    try {
      for (let index = 0; index < batch.keys.length; index++) {
        if (this.#write(batch, index, revision + 1, outcome)) revision++;
      }
      this.#commit.run();
    } catch (error) {
      // After some failures SQLite has rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    return outcome;
  }

  #write(batch: Batch, index: number, revision: number, outcome: Outcome): boolean {
    const key = batch.keys[index] ?? '';
    const value = batch.values[index] ?? null;
    const expected = batch.expected[index];
    const row = this.#find.get(key);
    const previous = row ? Number(row.rev) : 0;
    if ((expected !== undefined && expected !== previous) || (value === null && !row)) {
      outcome.revisions.push(0);
      outcome.created.push(0);
      if (row) outcome.conflicts.set(index, this.#stored(key, previous, Number(row.created)));
      return false;
    }
    const created = row ? Number(row.created) : revision;
    this.#log.run(revision, key, created, previous, value);
    if (value === null) this.#remove.run(key);
    else if (row) this.#update.run(revision, key);
    else this.#insert.run(revision, created, key);
    outcome.revisions.push(revision);
    outcome.created.push(created);
    return true;
  }

  #stored(key: string, modRevision: number, createRevision: number): KeyValue {
    return { key, value: String(this.#value.get(modRevision)?.value), modRevision, createRevision };
  }
}
