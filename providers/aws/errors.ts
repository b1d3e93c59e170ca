import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';

/** By the vendor's codes, without `Exception` at their end. The first that matches decides. */
const reasons: readonly (readonly [RegExp, ProviderErrorReason])[] = [
  [/^(RequestLimitExceeded|Throttling|ThrottledException|EC2Throttled|RequestThrottled|TooManyRequests|SlowDown|PriorRequestNotComplete|SnapshotCreationPerVolumeRateExceeded)$/, 'Throttled'],
  [/^(Insufficient\w*|UnfulfillableCapacity|ReservationCapacityExceeded|VolumeModificationRateExceeded|VolumeModificationSizeLimitExceeded|TooMany\w+)$/, 'Exhausted'],
  [/(LimitExceeded|CountExceeded)$/, 'Exhausted'],
  [/NotFound$/, 'NotFound'],
  [/^(Duplicate\w*|IdempotentParameterMismatch|RouteAlreadyExists)$|\.Duplicate$|AlreadyExists$|AlreadyAssociated$/, 'AlreadyExists'],
  [/^(UnauthorizedOperation|AccessDenied|AuthFailure|InvalidClientTokenId|ExpiredToken|RequestExpired|SignatureDoesNotMatch|UnrecognizedClient|MissingAuthenticationToken|IncompleteSignature|OptInRequired|PendingVerification|Blocked)/, 'Unavailable'],
  [/^(IncorrectState|IncorrectInstanceState|IncorrectModificationState|VolumeInUse|DependencyViolation|ResourceInUse|OperationNotPermitted|InvalidVolume\.ZoneMismatch)$|\.InUse$/, 'Unavailable'],
  [/^(InternalError|InternalFailure|ServiceUnavailable|Unavailable|RequestTimeout|RequestTimeoutException)$/, 'Unknown'],
];
const refusesCredentials = /^(UnauthorizedOperation|AccessDenied|AuthFailure)$/;
const expired = /^(ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch)/;
/** Nothing can have been sent. */
const neverSent = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CredentialsProviderError|TokenProviderError|Region is missing|Could not resolve credentials|Could not load credentials/;

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The vendor's code behind an error, such as `VolumeInUse`; undefined where the vendor said none. */
export const awsCode = (error: unknown): string | undefined => (error instanceof AwsError ? error.code : undefined);

/** A failure of a call to AWS. */
export class AwsError extends ProviderError {
  /** Without `Exception` at its end. */
  readonly code: string | undefined;

  constructor(reason: ProviderErrorReason, message: string, code: string | undefined, { cause, isPassing = false }: { readonly cause: unknown; readonly isPassing?: boolean }) {
    super(reason, message, { cause, isPassing });
    this.code = code;
  }
}

/**
 * @param action such as `ec2:CreateVolume`
 * @param isRead nothing can have changed
 */
export function awsError(action: string, error: unknown, isRead: boolean): AwsError {
  const { name = '', message = String(error), $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return unanswered(action, error as SdkError, isRead);
  const code = name.replace(/Exception$/, '');
  const [, known] = reasons.find(([pattern]) => pattern.test(code)) ?? [];
  const reason = known ?? (status >= 500 ? 'Unknown' : 'Invalid');
  return new AwsError(reason === 'Unknown' && isRead ? 'Unavailable' : reason, sentence(action, code, message), code, { cause: error, isPassing: reason === 'Unknown' });
}

function unanswered(action: string, error: SdkError, isRead: boolean): AwsError {
  const { name = '', message = '' } = error;
  const systemCode = typeof error.code === 'string' ? error.code : '';
  const isSent = !neverSent.test(`${name} ${systemCode} ${message}`);
  return new AwsError(isSent && !isRead ? 'Unknown' : 'Unavailable', `${action} got no answer: ${message || systemCode || name}`, undefined, { cause: error, isPassing: true });
}

function sentence(action: string, code: string, message: string): string {
  if (refusesCredentials.test(code)) return `the credentials have no permission for ${action}: ${message}`;
  if (expired.test(code)) return `AWS does not accept the credentials for ${action} (${code}): ${message}`;
  return `${action}: ${code}: ${message}`;
}
