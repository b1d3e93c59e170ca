import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { KeyValue } from '#core/spi/key-value-store.ts';
import type { Changes, PageRequest, Rows } from './protocol.ts';
import { prefixEnd } from './prefix-end.ts';

/** What one answer may hold, so that neither thread stalls on it and memory stays bounded: rows, and characters of values. */
const pageRows = 2000;
const pageCharacters = 4 << 20;

type Row = Record<string, SQLOutputValue>;

const newestSql = `
  SELECT c.key, c.rev, c.created, l.value FROM current c JOIN log l ON l.rev = c.rev
  WHERE c.key >= max(:prefix, :low) AND c.key < :end ORDER BY c.key LIMIT :limit`;

/**
 * The state at a revision: the keys that did not change since, and for those that did, what their first change superseded.
 * SQLite merges both sides in key order, so a page costs the changes since the revision plus its own rows.
 */
const pastSql = `
  WITH changed AS MATERIALIZED (
    SELECT key, min(rev) AS first, prev FROM log WHERE rev > :revision AND key >= max(:prefix, :low) AND key < :end GROUP BY key
  ), past AS (
    SELECT key, rev FROM current WHERE key >= max(:prefix, :low) AND key < :end AND rev <= :revision
    UNION ALL SELECT key, prev FROM changed WHERE prev > 0
    ORDER BY key LIMIT :limit
  )
  SELECT p.key, p.rev, l.created, l.value FROM past p JOIN log l ON l.rev = p.rev ORDER BY p.key`;

const changesSql = `
  SELECT key, rev, created, value FROM log
  WHERE rev > :from AND rev <= :to AND key >= :prefix AND key < :end ORDER BY rev`;

export class Reads {
  readonly #get: StatementSync;
  readonly #newest: StatementSync;
  readonly #past: StatementSync;
  readonly #changes: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT c.rev, c.created, l.value FROM current c JOIN log l ON l.rev = c.rev WHERE c.key = ?');
    this.#newest = database.prepare(newestSql);
    this.#past = database.prepare(pastSql);
    this.#changes = database.prepare(changesSql);
  }

  get(key: string): KeyValue | undefined {
    const row = this.#get.get(key);
    return row && { key, value: String(row.value), modRevision: Number(row.rev), createRevision: Number(row.created) };
  }

  list({ prefix, after, limit, revision }: PageRequest, newest: number): { rows: Rows; more: boolean } {
    const most = Math.min(limit, pageRows);
    const range = { prefix, low: after === undefined ? '' : `${after}\0`, end: prefixEnd(prefix), limit: most + 1 };
    const found = revision === undefined || revision === newest ? this.#newest.iterate(range) : this.#past.iterate({ ...range, revision });
    return collect(found, most);
  }

  changes(prefix: string, from: number, newest: number): Changes {
    const to = Math.min(from + pageRows, newest);
    const { rows, more } = collect(this.#changes.iterate({ prefix, end: prefixEnd(prefix), from, to }), pageRows);
    return { rows, to: more ? rows.revisions.at(-1) ?? to : to };
  }
}

/** Takes rows up to the bounds of a page. */
function collect(found: Iterable<Row>, most: number): { rows: Rows; more: boolean } {
  const rows: Rows = { keys: [], values: [], revisions: [], created: [] };
  let characters = 0;
  for (const row of found) {
    if (rows.keys.length >= most || characters > pageCharacters) return { rows, more: true };
    const value = row.value === null ? null : String(row.value);
    rows.keys.push(String(row.key));
    rows.values.push(value);
    rows.revisions.push(Number(row.rev));
    rows.created.push(Number(row.created));
    characters += value?.length ?? 0;
  }
  return { rows, more: false };
}
