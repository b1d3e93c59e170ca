import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Room } from './room.ts';
import { integer } from './schema.ts';

/** How much one step does at most, so that writes wait for a few milliseconds only. */
const sweepRevisions = 256;
const vacuumPages = 512;
/** Free pages that are kept for the next writes: at least these, and up to a third of the file. */
const keptPages = 4096;

/**
 * Compaction: moving the oldest readable revision is one small write. The rows that thereby became unreachable are then swept in
 * steps, whose progress is stored with them: a crash loses nothing, the next sweep goes on.
 */
export class Compaction {
  readonly #database: DatabaseSync;
  readonly #room: Room;
  readonly #mark: StatementSync;
  readonly #dropSuperseded: StatementSync;
  readonly #dropDeletions: StatementSync;
  #compacted: number;
  #swept: number;

  constructor(database: DatabaseSync, room: Room) {
    this.#database = database;
    this.#room = room;
    this.#mark = database.prepare('UPDATE meta SET value = ? WHERE name = ?');
    this.#dropSuperseded = database.prepare('DELETE FROM log WHERE rev IN (SELECT prev FROM log WHERE rev > :from AND rev <= :to AND prev > 0)');
    this.#dropDeletions = database.prepare('DELETE FROM log WHERE rev > :from AND rev <= :to AND value IS NULL');
    this.#compacted = integer(database, "SELECT value FROM meta WHERE name = 'compacted'");
    this.#swept = integer(database, "SELECT value FROM meta WHERE name = 'swept'");
  }

  get compacted(): number {
    return this.#compacted;
  }

  advance(revision: number): void {
    if (revision <= this.#compacted) return;
    this.#room.clear(() => this.#mark.run(revision, 'compacted'));
    this.#compacted = revision;
  }

  /** True when more is left to do. The last step moves the write-ahead log into the file and empties it. */
  step(): boolean {
    if (this.#swept < this.#compacted) {
      const to = Math.min(this.#swept + sweepRevisions, this.#compacted);
      this.#room.clear(() => this.#sweep(to));
      this.#swept = to;
      return true;
    }
    const free = this.#freePages();
    if (free > this.#freePagesToKeep()) {
      this.#room.clear(() => this.#database.exec(`PRAGMA incremental_vacuum(${vacuumPages})`));
      if (this.#freePages() < free) return true;
    }
    this.#emptyLog();
    this.#room.regain();
    return false;
  }

  #freePages(): number {
    return integer(this.#database, 'PRAGMA freelist_count');
  }

  /** When the disk is full it gets back all that it needs; the file is shortened when the log has been moved into it. */
  #freePagesToKeep(): number {
    if (!this.#room.short) return Math.max(keptPages, integer(this.#database, 'PRAGMA page_count') / 3);
    this.#emptyLog();
    return this.#room.regain() ? Infinity : 0;
  }

  #emptyLog(): void {
    this.#room.clear(() => this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  }

  #sweep(to: number): void {
    const range = { from: this.#swept, to };
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      this.#dropSuperseded.run(range);
      this.#dropDeletions.run(range);
      this.#mark.run(to, 'swept');
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
