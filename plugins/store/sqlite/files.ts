import { chmodSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';

export const databaseFile = (stateDir: string): string => join(stateDir, 'state.db');

/**
 * Sees to it that the file is there, for its owner alone. An existing file is never opened: to close a second descriptor
 * of a database that is in use by this process would drop the process's locks on it.
 */
export function makePrivate(path: string): void {
  if (existsSync(path)) chmodSync(path, 0o600);
  else closeSync(openSync(path, 'wx', 0o600));
}

/** Puts what was written to a file or folder on the disk. Of a database, none that is open may be named. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
