import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ProviderError } from '#core/spi/errors.ts';
import type { Backup } from '#core/spi/key-value-store.ts';
import { explained } from './errors.ts';
import { integer, text } from './schema.ts';

/** "KEEB": a backup that is put in the store's place by hand is not taken for a store, which would let revisions go back. */
const applicationId = 0x4b454542;
const format = 1;

/** The format of a backup: an SQLite database too, without any history. Independent of the store's own schema. */
const tables = `
  CREATE TABLE objects (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, created INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
  CREATE TABLE files (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
  CREATE TABLE backup (made_at TEXT NOT NULL, revision INTEGER NOT NULL, objects INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT;
`;

/** Opens an empty file as a new backup. Nothing of it is synced, and there is no way back: a draft that fails is thrown away. */
export function draftBackup(file: string): DatabaseSync {
  const draft = new DatabaseSync(file);
  draft.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
    ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${format}`);
  return draft;
}

/** Says what the backup is, when all else is in it. */
export function sealBackup(draft: DatabaseSync, revision: number, madeAt: Date): void {
  draft.prepare('INSERT INTO backup VALUES (?, ?, (SELECT count(*) FROM objects), ?)').run(madeAt.toISOString(), revision, checksum(draft));
}

/** A backup that was read from its first to its last byte. */
export interface OpenBackup extends Backup {
  readonly database: DatabaseSync;
}

/**
 * Opens a backup and checks all of it. The caller closes its database.
 * @throws {ProviderError} Invalid when it is damaged, none of ours, or newer
 */
export function openBackup(file: string): OpenBackup {
  // SQLite would make it.
  if (!existsSync(file)) throw new ProviderError('NotFound', `there is no file ${file}`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    refuseForeign(database, file);
    return { ...refuseDamaged(database, file), database };
  } catch (error) {
    database?.close();
    throw explained(error, file);
  }
}

function refuseForeign(database: DatabaseSync, file: string): void {
  if (integer(database, 'PRAGMA application_id') !== applicationId) throw new ProviderError('Invalid', `${file} is no backup that "keelson backup" made`);
  const version = integer(database, 'PRAGMA user_version');
  if (version !== format) throw new ProviderError('Invalid', `${file} was made by another release: its format is ${version}, this release knows ${format}`);
}

function refuseDamaged(database: DatabaseSync, file: string): Backup {
  const found = text(database, 'PRAGMA integrity_check(1)');
  if (found !== 'ok') throw new ProviderError('Invalid', `${file} is damaged: ${found}`);
  const row = database.prepare('SELECT made_at, revision, objects, sha256 FROM backup').get();
  const madeAt = new Date(String(row?.['made_at']));
  if (row === undefined || Number.isNaN(madeAt.getTime())) throw new ProviderError('Invalid', `${file} is damaged: it does not say what it holds`);
  if (checksum(database) !== row['sha256']) throw new ProviderError('Invalid', `${file} is damaged: its content does not match its checksum`);
  const files = new Map(database.prepare('SELECT name, content FROM files').all().map(({ name, content }) => [String(name), content instanceof Uint8Array ? content : new Uint8Array()] as const));
  return { revision: Number(row['revision']), keys: Number(row['objects']), madeAt, files };
}

/** Over all keys and files. Lengths go in too, so that nothing can move from one field to the next. */
function checksum(database: DatabaseSync): string {
  const hash = createHash('sha256');
  for (const { key, revision, created, value } of database.prepare('SELECT * FROM objects ORDER BY key').iterate()) {
    take(hash, String(key), `${Number(revision)} ${Number(created)}`, String(value));
  }
  for (const { name, content } of database.prepare('SELECT * FROM files ORDER BY name').iterate()) {
    take(hash, String(name), content instanceof Uint8Array ? content : '');
  }
  return hash.digest('hex');
}

function take(hash: Hash, ...fields: readonly (string | Uint8Array)[]): void {
  for (const field of fields) hash.update(`${typeof field === 'string' ? Buffer.byteLength(field) : field.length}:`).update(field);
}
