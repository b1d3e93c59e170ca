const brand = Symbol.for('keelson/ProviderError');

/**
 * Each reason tells the caller what to do next:
 *
 * - `NotFound` — the thing is not there. For a deletion that is success.
 * - `AlreadyExists` — something of this name is there, but not what was asked for. Nothing was made. Never adopt it blindly.
 * - `Unavailable` — nothing was decided; the same call may succeed later. Back off.
 * - `Throttled` — as `Unavailable`, because of too many calls; `retryAfterMs` says how long to wait, when known.
 * - `Exhausted` — nothing was made: no room here. Say so in the status; try elsewhere, or slowly again.
 * - `Invalid` — nothing was made: the request can never succeed as it stands. Terminal until its author changes it.
 * - `Unknown` — the answer was lost: the thing may or may not be there. Look before acting, and never try elsewhere.
 */
export type ProviderErrorReason = 'NotFound' | 'AlreadyExists' | 'Unavailable' | 'Throttled' | 'Exhausted' | 'Invalid' | 'Unknown';

/**
 * The only errors by which a provider or plugin steers the core. Anything else that it throws counts as a bug:
 * it is logged with its stack, treated as `Unknown`, and retried with back-off.
 * Classify at the provider's edge, once, and keep what the platform said as `cause`.
 */
export class ProviderError extends Error {
  readonly [brand] = true;
  readonly reason: ProviderErrorReason;
  readonly retryAfterMs: number | undefined;
  /** The very same call may well succeed in a moment: no answer came, or the other side stumbled. */
  readonly isPassing: boolean;

  constructor(reason: ProviderErrorReason, message: string, options: { cause?: unknown; retryAfterMs?: number; isPassing?: boolean } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ProviderError';
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
    this.isPassing = options.isPassing === true;
  }

  /** Holds across copies of this package. */
  static is(error: unknown, ...reasons: ProviderErrorReason[]): error is ProviderError {
    return typeof error === 'object' && error !== null && brand in error &&
      (reasons.length === 0 || reasons.includes((error as ProviderError).reason));
  }

  /** True when the call certainly left nothing behind that was not there before. */
  static leftNothing(error: unknown): boolean {
    return ProviderError.is(error, 'AlreadyExists', 'Exhausted', 'Invalid');
  }
}
