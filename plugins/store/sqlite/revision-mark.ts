import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { ProviderError } from '#core/spi/errors.ts';

/**
 * The newest revision that was acknowledged, beside the database. Written after each commit, never synced: it may lag behind after
 * a power cut, but is never ahead of what was on the disk. A database that is behind it has lost something, which SQLite alone cannot
 * see: to it a write-ahead log that is missing, cut short or overwritten is one that ends early.
 */
export class RevisionMark {
  readonly #path: string;
  readonly #descriptor: number;

  constructor(file: string) {
    this.#path = markOf(file);
    this.#descriptor = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** @throws {ProviderError} Invalid when the database has not got that far */
  check(file: string, newest: number): void {
    const acknowledged = readMark(file);
    if (newest >= acknowledged) return;
    throw new ProviderError('Invalid', `${file} is at revision ${newest}, but revision ${acknowledged} was acknowledged: its write-ahead log, ${file}-wal, ` +
      `is damaged or missing, or an older copy of it was put here. ${wayOut}; to go on without what was lost, remove ${this.#path}`);
  }

  advance(revision: number): void {
    try {
      // Numbers only grow, so a longer text replaces a shorter one.
      writeSync(this.#descriptor, `${revision}\n`, 0);
    } catch {
      // A mark that lags behind is still true.
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** What helps when the data is damaged. */
export const wayOut = 'Restore a backup with "keelson restore FILE --force"';

export const markOf = (file: string): string => `${file}-newest`;

/** The newest acknowledged revision, or 0 when that is not known. */
export function readMark(file: string): number {
  try {
    const text = readFileSync(markOf(file), 'utf8');
    return /^\d{1,16}\n/.test(text) ? Number.parseInt(text, 10) : 0;
  } catch {
    return 0;
  }
}
