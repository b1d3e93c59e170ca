import { DatabaseSync } from 'node:sqlite';
import { makePrivate } from './files.ts';

/**
 * Makes the store this process's own until the returned function is called or the process ends, however it ends. The lock is SQLite's
 * own, on an empty database beside the store's: so others may read the store itself, for a backup, but a second store is refused at once.
 * @throws SQLite's `busy` when somebody else has it
 */
export function lockStore(file: string): () => void {
  const path = `${file}-lock`;
  makePrivate(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is ever written: a full disk must not keep anybody from taking the lock.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => lock.close();
}
