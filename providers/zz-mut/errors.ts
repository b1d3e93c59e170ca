import { ProviderError } from '#core/spi/errors.ts';
import { errorCode } from './safe-paths.ts';

/** Gives what the system refused the reason that steers the caller. Errors without a system's code are passed on: they are bugs. */
export function classify(error: unknown, doing: string): unknown {
  const code = errorCode(error);
  if (ProviderError.is(error) || code === undefined || code.startsWith('ERR_')) return error;
  return new ProviderError('Unavailable', `${doing} failed: ${messageOf(error)}`, { cause: error });
}

/** As `classify`, for the making of something of which nothing is left any more. */
export function classifyUndone(error: unknown, doing: string): unknown {
  if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '')) return classify(error, doing);
  return new ProviderError('Exhausted', `no room on the disk for ${doing}: ${messageOf(error)}`, { cause: error });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
