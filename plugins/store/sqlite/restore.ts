import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Restored } from '#core/spi/key-value-store.ts';
import { openBackup, type OpenBackup } from './backup-file.ts';
import { explained } from './errors.ts';
import { makePrivate, sync } from './files.ts';
import { lockStore } from './lock.ts';
import { placeRestored, restoredFile } from './place-restored.ts';
import { readMark } from './revision-mark.ts';
import { integer, makeTables, newestRevision, refuseDamaged } from './schema.ts';

/** How far ahead a restored store goes on, as etcd's `--bump-revision` is commonly given. */
const step = 1_000_000_000;
/** More writes than any store of ours takes in a millisecond. */
const revisionsPerMs = 100;

/**
 * A revision that no client can have seen. The backup's store has gone on since; so have stores that were restored from the same backup
 * before, perhaps on machines that are lost. None of them can have got further than so many revisions for each millisecond since then.
 */
export function revisionAfter({ revision, madeAt }: { revision: number; madeAt: Date }, known: number, now: number): number {
  const since = Math.max(0, now - madeAt.getTime());
  return Math.max(revision + step + since * revisionsPerMs, known + step);
}

/** True when there is something that a restore would replace, whole or not. */
export const holdsData = (file: string): boolean => [file, `${file}-wal`, restoredFile(file)].some((path) => existsSync(path));

/** Puts the backup in the place of the store's `file`. */
export function restoreBackup(file: string, path: string, now: number): Restored {
  const backup = openBackup(path);
  try {
    const unlock = lockStore(file);
    try {
      // One that was interrupted comes first: it is part of what this one replaces.
      placeRestored(file);
      const revision = revisionAfter(backup, knownRevision(file), now);
      const draft = `${restoredFile(file)}.tmp`;
      rmSync(draft, { force: true });
      fill(draft, backup, revision);
      sync(draft);
      renameSync(draft, restoredFile(file));
      sync(dirname(file));
      return { revision, replaced: placeRestored(file) };
    } finally {
      unlock();
    }
  } catch (error) {
    throw explained(error, file);
  } finally {
    backup.database.close();
  }
}

/** The newest revision of the store that is there, as far as it can still tell. */
function knownRevision(file: string): number {
  const mark = readMark(file);
  if (!existsSync(file)) return mark;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    return Math.max(mark, newestRevision(database));
  } catch {
    return mark;
  } finally {
    database?.close();
  }
}

/** Makes a store of the backup's keys that begins at `revision`: there is nothing to be read before it. */
function fill(draft: string, { database: backup, keys }: OpenBackup, revision: number): void {
  makePrivate(draft);
  const store = new DatabaseSync(draft);
  try {
    store.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    makeTables(store);
    const log = store.prepare('INSERT INTO log (rev, key, created, prev, value) VALUES (?, ?, ?, 0, ?)');
    const current = store.prepare('INSERT INTO current (key, rev, created) VALUES (?, ?, ?)');
    store.exec('BEGIN');
    for (const { key, revision: rev, created, value } of backup.prepare('SELECT * FROM objects ORDER BY revision').iterate()) {
      log.run(Number(rev), String(key), Number(created), String(value));
      current.run(String(key), Number(rev), Number(created));
    }
    store.prepare("UPDATE meta SET value = ? WHERE name IN ('compacted', 'swept')").run(revision);
    store.exec('COMMIT');
    refuseDamaged(store, draft);
    const stored = integer(store, 'SELECT count(*) FROM current JOIN log USING (rev)');
    if (stored !== keys) throw new Error(`${stored} of ${keys} keys arrived in ${draft}`);
  } finally {
    store.close();
  }
}
