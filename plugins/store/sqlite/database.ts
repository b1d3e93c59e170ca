import type { DatabaseSync } from 'node:sqlite';
import type { KeyValue } from '#core/spi/key-value-store.ts';
import { deletionsOf, widened } from './batch.ts';
import { Commits } from './commits.ts';
import { Compaction } from './compaction.ts';
import { HistoryError, isFull } from './errors.ts';
import { lockStore } from './lock.ts';
import { placeRestored } from './place-restored.ts';
import type { Batch, Calls, Changes, Outcome, Page, PageRequest, Revisions } from './protocol.ts';
import { Reads } from './reads.ts';
import { Reserve } from './reserve.ts';
import { RevisionMark } from './revision-mark.ts';
import { Room } from './room.ts';
import { newestRevision, openDatabase } from './schema.ts';

/** The store's synchronous half, which runs in the worker. */
export class Database implements Calls {
  #opened: Opened | undefined;
  #unlock: () => void = nothing;

  open(file: string, reserveBytes: number): Revisions {
    const unlock = lockStore(file);
    try {
      placeRestored(file);
      this.#opened = openLocked(file, new Reserve(`${file}-reserve`, reserveBytes));
      this.#unlock = unlock;
    } catch (error) {
      unlock();
      throw error;
    }
    return this.#revisions();
  }

  commit(batch: Batch): Outcome {
    const { room } = this.#use();
    if (room.regain()) {
      try {
        return room.use(() => this.#apply(batch));
      } catch (error) {
        if (!isFull(error)) throw error;
      }
    }
    const deletions = deletionsOf(batch);
    return widened(room.clear(() => this.#apply(deletions.batch)), deletions.indexes, batch.keys.length);
  }

  get(key: string): KeyValue | undefined {
    return this.#use().reads.get(key);
  }

  list(request: PageRequest): Page {
    const { reads, newest } = this.#use();
    const revision = request.revision ?? newest;
    this.#refuseOutside(revision);
    return { ...reads.list(request, newest), revision };
  }

  changes(prefix: string, from: number): Changes {
    this.#refuseOutside(from);
    const { reads, newest } = this.#use();
    return reads.changes(prefix, from, newest);
  }

  compact(revision: number): Revisions {
    this.#use().compaction.advance(revision);
    return this.#revisions();
  }

  sweep(): boolean {
    return this.#use().compaction.step();
  }

  close(): void {
    this.#opened?.close();
    this.#opened = undefined;
    this.#unlock();
    this.#unlock = nothing;
  }

  #apply(batch: Batch): Outcome {
    const opened = this.#use();
    const before = opened.newest;
    const outcome = opened.commits.apply(batch, before);
    for (const revision of outcome.revisions) opened.newest = Math.max(opened.newest, revision);
    if (opened.newest > before) opened.mark.advance(opened.newest);
    return { ...outcome, short: opened.room.short };
  }

  #use(): Opened {
    if (!this.#opened) throw new Error('the database is not open');
    return this.#opened;
  }

  #revisions(): Revisions {
    const { newest, compaction } = this.#use();
    return { newest, oldest: compaction.compacted };
  }

  #refuseOutside(revision: number): void {
    const { newest, oldest } = this.#revisions();
    if (revision < oldest) throw new HistoryError('compacted', revision, oldest, newest);
    if (revision > newest) throw new HistoryError('future', revision, oldest, newest);
  }
}

const nothing = (): void => undefined;

interface Opened {
  readonly commits: Commits;
  readonly reads: Reads;
  readonly compaction: Compaction;
  readonly room: Room;
  readonly mark: RevisionMark;
  newest: number;
  close(): void;
}

function openLocked(file: string, reserve: Reserve): Opened {
  const database = openInRoom(file, reserve);
  const mark = new RevisionMark(file);
  const close = (): void => {
    database.close();
    mark.close();
    // What SQLite's log took of the reserve is free again, and may be needed to open the store.
    reserve.hold();
  };
  try {
    const newest = newestRevision(database);
    mark.check(file, newest);
    mark.advance(newest);
    const room = new Room(database, reserve);
    return { commits: new Commits(database), reads: new Reads(database), compaction: new Compaction(database, room), room, mark, newest, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A full disk must not keep a store from being opened: beside the file SQLite wants a few pages more. */
function openInRoom(file: string, reserve: Reserve): DatabaseSync {
  for (const attempt of [() => undefined, () => reserve.release()]) {
    attempt();
    try {
      return openDatabase(file);
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }
  return openDatabase(file, true);
}
