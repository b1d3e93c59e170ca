import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { ProviderError } from '#core/spi/errors.ts';
import { makePrivate } from './files.ts';
import { wayOut } from './revision-mark.ts';

const schemaVersion = 1;
/** "KEEL", in the file's header: tells our files from other SQLite databases. */
const applicationId = 0x4b45454c;

/**
 * - `log`: one row per revision; `value` is null for a deletion. `prev` is the revision that this one superseded, 0 for none:
 *   it finds what was readable before and what may be swept, without an index over the keys of the whole history.
 * - `current`: where each living key's row is.
 * - `meta`: `compacted` is the oldest readable revision; up to `swept` its rows are cleared away.
 *
 * The newest revision is not stored: it is the log's last, or the compacted one when nothing came after it.
 */
const tables = `
  CREATE TABLE log (rev INTEGER PRIMARY KEY, key TEXT NOT NULL, created INTEGER NOT NULL, prev INTEGER NOT NULL, value TEXT) STRICT;
  CREATE TABLE current (key TEXT PRIMARY KEY, rev INTEGER NOT NULL, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('compacted', 1), ('swept', 1);
`;

/** How long opening waits for a backup that is just looking into the file, in milliseconds. */
const patience = 2000;

/**
 * Opens the database file, or makes it. The caller has the store's lock. Opened `alone`, the database cannot be read by others, not even
 * for a backup, but needs no index of its log on the disk.
 */
export function openDatabase(file: string, alone = false): DatabaseSync {
  // SQLite gives its other files the mode of this one.
  makePrivate(file);
  const database = new DatabaseSync(file, { timeout: patience });
  try {
    // Before the first access, which would make the index.
    if (alone) database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const isNew = refuseForeign(database, file);
    // Said again, it would be written again.
    if (isNew) database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -8192;
      PRAGMA wal_autocheckpoint = 2000;
    `);
    if (isNew) makeTables(database);
    refuseDamaged(database, file);
    // From here on nobody else writes, and a checkpoint must not wait for readers.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function makeTables(database: DatabaseSync): void {
  database.exec(`BEGIN EXCLUSIVE; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
}

/** Throws for what is not ours or from the future; true for an empty file. */
export function refuseForeign(database: DatabaseSync, file: string): boolean {
  const version = integer(database, 'PRAGMA user_version');
  const isNew = integer(database, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (!isNew && integer(database, 'PRAGMA application_id') !== applicationId) {
    throw new ProviderError('Invalid', `${file} is a database of another program, or a backup that was put here by hand: "keelson restore" does that`);
  }
  if (version > schemaVersion) {
    throw new ProviderError('Invalid', `${file} was written by a newer release: its schema has version ${version}, this release knows versions up to ${schemaVersion}`);
  }
  return isNew;
}

/** Reads the whole file once, some 1.5 GB a second: damage is found here, and not in the middle of the night. */
export function refuseDamaged(database: DatabaseSync, file: string): void {
  const found = text(database, 'PRAGMA quick_check(1)');
  if (found !== 'ok') throw new ProviderError('Invalid', `${file} is damaged: ${found}. ${wayOut}`);
}

export const newestRevision = (database: DatabaseSync): number =>
  integer(database, "SELECT max((SELECT coalesce(max(rev), 0) FROM log), (SELECT value FROM meta WHERE name = 'compacted'))");

/** The first column of a statement's first row; 0 or nothing when it has none. */
export const integer = (database: DatabaseSync, sql: string): number => Number(first(database, sql) ?? 0);
export const text = (database: DatabaseSync, sql: string): string => String(first(database, sql) ?? '');

function first(database: DatabaseSync, sql: string): SQLOutputValue | undefined {
  const row = database.prepare(sql).get();
  return row && Object.values(row)[0];
}
