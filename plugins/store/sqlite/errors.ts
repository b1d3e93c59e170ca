import { ProviderError } from '#core/spi/errors.ts';
import { RevisionError } from '#core/spi/key-value-store.ts';
import type { Failure } from './protocol.ts';

/** A `RevisionError` that remembers what was asked, so that it can be made again on the other thread. */
export class HistoryError extends RevisionError {
  readonly asked: number;

  constructor(kind: 'compacted' | 'future', asked: number, oldest: number, newest: number) {
    super(kind, asked, oldest, newest);
    this.asked = asked;
  }
}

const sqlite = { busy: 5, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** SQLite's result code, without the detail in its higher bits. */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** Worker side: what an error of the database means to the store's callers. */
export function toFailure(error: unknown, file: string): Failure {
  if (error instanceof HistoryError) return { kind: error.kind, asked: error.asked, oldest: error.oldest, newest: error.newest };
  if (ProviderError.is(error, 'Invalid')) return { kind: 'Invalid', message: error.message, cause: error.cause };
  const message = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case sqlite.busy:
      return { kind: 'Unavailable', message: `${file} is in use by another process`, cause: error };
    case sqlite.full:
      return { kind: 'Exhausted', message: `no room left to write to ${file}`, cause: error };
    case sqlite.cannotOpen:
      return { kind: 'Unavailable', message: `${file} cannot be opened`, cause: error };
    case sqlite.notADatabase:
      return { kind: 'Invalid', message: `${file} is not a database`, cause: error };
    default:
      return { kind: 'Unavailable', message: `${file}: ${message}`, cause: error };
  }
}

/** Main side. */
export function fromFailure(failure: Failure): Error {
  if ('asked' in failure) return new RevisionError(failure.kind, failure.asked, failure.oldest, failure.newest);
  return new ProviderError(failure.kind, failure.message, { cause: failure.cause });
}
