import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ProviderError } from '#core/spi/errors.ts';

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

/** Opens the database file, or makes it, for this process alone. */
export function openDatabase(file: string): DatabaseSync {
  // SQLite gives its other files the mode of this one. Only a new file is opened here: to close a second
  // descriptor of a database that is in use by this process would drop the process's locks on it.
  if (existsSync(file)) chmodSync(file, 0o600);
  else closeSync(openSync(file, 'wx', 0o600));

  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // Before the first access, so that SQLite takes the lock for good and needs no shared memory beside the file.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const isNew = refuseForeign(database, file);
    database.exec(`
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -8192;
      PRAGMA wal_autocheckpoint = 2000;
    `);
    if (isNew) database.exec(`BEGIN EXCLUSIVE; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Throws for what is not ours or from the future; true for an empty file. */
function refuseForeign(database: DatabaseSync, file: string): boolean {
  const version = integer(database, 'PRAGMA user_version');
  const isNew = integer(database, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (!isNew && integer(database, 'PRAGMA application_id') !== applicationId) {
    throw new ProviderError('Invalid', `${file} is a database of another program`);
  }
  if (version > schemaVersion) {
    throw new ProviderError('Invalid', `${file} was written by a newer release: its schema has version ${version}, this release knows versions up to ${schemaVersion}`);
  }
  return isNew;
}

/** The first column of a statement's only row. */
export function integer(database: DatabaseSync, sql: string): number {
  const row = database.prepare(sql).get();
  return Number(row === undefined ? 0 : Object.values(row)[0]);
}
