import type { VolumeError } from '#core/api/schema/storage-v1.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';

/** gRPC codes, by which a node's limit is told from other failures. */
const codes: Readonly<Record<ProviderErrorReason, number>> = { NotFound: 5, AlreadyExists: 6, Unavailable: 14, Throttled: 14, Exhausted: 8, Invalid: 3, Unknown: 2 };

/** As the API stores it: at most 1024 bytes of message. */
export function volumeErrorOf(error: unknown, now: number): VolumeError {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 300);
  return { time: rfc3339(now), message, ...(ProviderError.is(error) ? { errorCode: codes[error.reason] } : {}) };
}

/** Whenever it was said. */
export const isSameError = (a: VolumeError | undefined, b: VolumeError | undefined): boolean => a?.message === b?.message && a?.errorCode === b?.errorCode;
