import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sync } from './files.ts';
import { markOf } from './revision-mark.ts';

/** A restored database, complete and synced, that is to take the store's place. Its appearance under this name is what decides. */
export const restoredFile = (file: string): string => `${file}.restored`;

/**
 * Puts a restored database in its place and moves aside what was there: to a database, a write-ahead log of another one is poison.
 * Whenever this is interrupted, the next call finishes it. The caller has the store's lock. Returns the folder with the old files.
 */
export function placeRestored(file: string): string | undefined {
  const restored = restoredFile(file);
  if (!existsSync(restored)) return undefined;
  const folder = dirname(file);
  const old = [`${file}-wal`, `${file}-shm`, `${file}-journal`, markOf(file), file].filter((path) => existsSync(path));
  const aside = join(folder, `replaced-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`);
  if (old.length > 0) mkdirSync(aside, { recursive: true, mode: 0o700 });
  for (const path of old) renameSync(path, join(aside, basename(path)));
  // Only when all of the old is certainly gone.
  sync(folder);
  renameSync(restored, file);
  sync(folder);
  return old.length > 0 ? aside : undefined;
}
