import type { DatabaseSync } from 'node:sqlite';
import type { KeyValue } from '#core/spi/key-value-store.ts';
import { Commits } from './commits.ts';
import { Compaction } from './compaction.ts';
import { HistoryError } from './errors.ts';
import type { Batch, Calls, Changes, Outcome, Page, PageRequest, Revisions } from './protocol.ts';
import { Reads } from './reads.ts';
import { integer, openDatabase } from './schema.ts';

/** The store's synchronous half, which runs in the worker. */
export class Database implements Calls {
  #opened: Opened | undefined;

  open(file: string): Revisions {
    const database = openDatabase(file);
    const compaction = new Compaction(database);
    const newest = Math.max(integer(database, 'SELECT max(rev) FROM log'), compaction.compacted);
    this.#opened = { database, compaction, newest, commits: new Commits(database), reads: new Reads(database) };
    return this.#revisions();
  }

  commit(batch: Batch): Outcome {
    const opened = this.#use();
    const outcome = opened.commits.apply(batch, opened.newest);
    for (const revision of outcome.revisions) opened.newest = Math.max(opened.newest, revision);
    return outcome;
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
    this.#opened?.database.close();
    this.#opened = undefined;
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

interface Opened {
  readonly database: DatabaseSync;
  readonly commits: Commits;
  readonly reads: Reads;
  readonly compaction: Compaction;
  newest: number;
}
