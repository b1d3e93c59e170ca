import { ProviderError } from '#core/spi/errors.ts';

/** gRPC's status codes, as far as they decide something here. */
export const code = {
  cancelled: 1, unknown: 2, invalidArgument: 3, deadlineExceeded: 4, permissionDenied: 7, resourceExhausted: 8,
  failedPrecondition: 9, outOfRange: 11, internal: 13, unavailable: 14, unauthenticated: 16,
} as const;

/** What a call that failed left behind, as gRPC and etcd tell it. */
export interface CallFailure {
  readonly code: number;
  readonly details: string;
}

export const isCallFailure = (error: unknown): error is Error & CallFailure =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error && typeof error.details === 'string';

/** A call that never left this process, because no connection to the member was there. */
export class NotSentError extends Error implements CallFailure {
  readonly code = code.unavailable;
  readonly details: string;
  readonly notSent = true;

  constructor(details: string) {
    super(details);
    this.details = details;
  }
}

/**
 * - `elsewhere`: the member did nothing with the call; another one may.
 * - `login`: nothing was done, because the token is not good any more.
 * - `lost`: nobody knows what became of it.
 * - `refused`: etcd's answer, which it would give again.
 */
export type Verdict = 'elsewhere' | 'login' | 'lost' | 'refused';

/** Answers that a member gives before it looks at the request. */
const untouched = ['etcdserver: no leader', 'etcdserver: not capable', 'etcdserver: rpc not supported for learner'];
const badToken = ['etcdserver: invalid auth token', 'etcdserver: revision of auth store is old'];
const lostCodes: readonly number[] = [code.cancelled, code.unknown, code.deadlineExceeded, code.internal, code.unavailable];

export function verdictOn(failure: CallFailure): Verdict {
  if (failure instanceof NotSentError || untouched.includes(failure.details)) return 'elsewhere';
  if (badToken.includes(failure.details)) return 'login';
  return lostCodes.includes(failure.code) ? 'lost' : 'refused';
}

export const isCompacted = (error: unknown): boolean => isCallFailure(error) && error.details.endsWith('required revision has been compacted');
export const isFuture = (error: unknown): boolean => isCallFailure(error) && error.details.endsWith('required revision is a future revision');
/** The database has reached its quota. A write that crossed the line may be stored all the same: look. */
export const isNoSpace = (error: unknown): boolean => isCallFailure(error) && error.details.endsWith('database space exceeded');
export const isAuthenticationOff = (error: unknown): boolean => isCallFailure(error) && error.details === 'etcdserver: authentication is not enabled';

/** etcd's sentence in the house's terms. `what`: `cannot store "/registry/pods/default/a"`. */
export function toProviderError(error: unknown, what: string, change: boolean): Error {
  if (!isCallFailure(error)) return error instanceof Error ? error : new Error(what, { cause: error });
  const sentence = `${what}: ${error.details.replace(/^etcdserver: /, 'etcd says: ')}`;
  if (error.code === code.resourceExhausted) return exhausted(error, what, sentence);
  if (error.details === 'etcdserver: request is too large') return tooLarge(error, what);
  // The sentence says all there is; nobody else has said anything.
  if (error instanceof NotSentError) return new ProviderError('Unavailable', sentence);
  if (verdictOn(error) === 'lost') return new ProviderError(change ? 'Unknown' : 'Unavailable', sentence, { cause: error });
  return new ProviderError('Unavailable', sentence, { cause: error });
}

function exhausted(error: CallFailure, what: string, sentence: string): ProviderError {
  if (error.details.includes('larger than max')) return tooLarge(error, what);
  if (error.details === 'etcdserver: too many requests') return new ProviderError('Throttled', sentence, { cause: error });
  return new ProviderError('Exhausted', `${what}: etcd's database has reached its quota (alarm NOSPACE)`, { cause: error });
}

const tooLarge = (cause: unknown, what: string): ProviderError =>
  new ProviderError('Invalid', `${what}: it is larger than etcd takes, 1.5 MiB unless its --max-request-bytes says otherwise`, { cause });
