import type { DatabaseSync } from 'node:sqlite';
import { isFull } from './errors.ts';
import type { Reserve } from './reserve.ts';

/**
 * What happens when the disk is full. Ordinary writes are refused from then on; what makes room, deletions and sweeps, goes on, if need be
 * in the reserve. As soon as the reserve is whole again and there is room beside it, writes are taken as before.
 */
export class Room {
  readonly #database: DatabaseSync;
  readonly #reserve: Reserve;
  #short: boolean;

  constructor(database: DatabaseSync, reserve: Reserve) {
    this.#database = database;
    this.#reserve = reserve;
    this.#short = !reserve.held && !reserve.hold();
  }

  /** Ordinary writes are refused, until `regain`. */
  get short(): boolean {
    return this.#short;
  }

  /** Looks whether there is room; true when there is. */
  regain(): boolean {
    if (this.#short) this.#short = !this.#reserve.hold();
    return !this.#short;
  }

  /** Runs an ordinary write; when it finds the disk full, it is the last for now. */
  use<T>(task: () => T): T {
    try {
      return task();
    } catch (error) {
      if (isFull(error)) this.#short = true;
      throw error;
    }
  }

  /** Runs what makes room. */
  clear<T>(task: () => T): T {
    try {
      return this.use(task);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#reserve.release();
      this.#emptyLog();
      return task();
    }
  }

  /** Moves the write-ahead log into the database, so that it may be overwritten from its beginning. */
  #emptyLog(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(RESTART)');
    } catch (error) {
      // The log has then as much more room as the reserve had.
      if (!isFull(error)) throw error;
    }
  }
}
