import { ProviderError } from '#core/spi/errors.ts';
import { RevisionError } from '#core/spi/key-value-store.ts';
import type { Failure } from './protocol.ts';
import { wayOut } from './revision-mark.ts';

/** A `RevisionError` that remembers what was asked, so that it can be made again on the other thread. */
export class HistoryError extends RevisionError {
  readonly asked: number;

  constructor(kind: 'compacted' | 'future', asked: number, oldest: number, newest: number) {
    super(kind, asked, oldest, newest);
    this.asked = asked;
  }
}

const sqlite = { busy: 5, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;
/** Extended codes: the index of the write-ahead log could not be made or grown. */
const noRoomForIndex: readonly unknown[] = [10 | (18 << 8), 10 | (19 << 8), 10 | (21 << 8)];

/** SQLite's result code, without the detail in its higher bits. */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** True when the disk, or what this process may have of it, is full. */
export const isFull = (error: unknown): boolean =>
  resultCode(error) === sqlite.full || (error instanceof Error && (('errcode' in error && noRoomForIndex.includes(error.errcode)) || ('code' in error && error.code === 'ENOSPC')));

/** Worker side: what an error of the database means to the store's callers. `advice` is what they hear when the file is damaged. */
export function toFailure(error: unknown, file: string, advice = `. ${wayOut}`): Failure {
  if (error instanceof HistoryError) return { kind: error.kind, asked: error.asked, oldest: error.oldest, newest: error.newest };
  if (ProviderError.is(error, 'Invalid')) return { kind: 'Invalid', message: error.message, cause: error.cause };
  const message = error instanceof Error ? error.message : String(error);
  if (isFull(error)) return { kind: 'Exhausted', message: noRoom(file), cause: error };
  switch (resultCode(error)) {
    case sqlite.busy:
      return { kind: 'Unavailable', message: `${file} is in use by another process`, cause: error };
    case sqlite.cannotOpen:
      return { kind: 'Unavailable', message: `${file} cannot be opened`, cause: error };
    case sqlite.notADatabase:
      return { kind: 'Invalid', message: `${file} is not a database, or its beginning is overwritten${advice}`, cause: error };
    case sqlite.corrupt:
      return { kind: 'Invalid', message: `${file} is damaged: ${message}${advice}`, cause: error };
    default:
      return { kind: 'Unavailable', message: `${file}: ${message}`, cause: error };
  }
}

export const noRoom = (file: string): string => `no room left to write to ${file}`;

/** The same for those that work on a file of their own. What comes neither from SQLite nor from the file system stays as it is. */
export const explained = (error: unknown, file: string): unknown =>
  (error instanceof Error && !ProviderError.is(error) && ('errcode' in error || 'syscall' in error) ? fromFailure(toFailure(error, file, '')) : error);

/** Main side. */
export function fromFailure(failure: Failure): Error {
  if ('asked' in failure) return new RevisionError(failure.kind, failure.asked, failure.oldest, failure.newest);
  return new ProviderError(failure.kind, failure.message, { cause: failure.cause });
}
