import { isObject } from '#core/api/value.ts';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';

/** By the vendor's reasons of refusals and codes of operations' errors. The first that matches decides. */
const reasons: readonly (readonly [RegExp, ProviderErrorReason])[] = [
  [/^(rateLimitExceeded|userRateLimitExceeded|RATE_LIMIT_EXCEEDED|RESOURCE_OPERATION_RATE_EXCEEDED|operationRateExceeded|concurrentLimitExceeded)$/, 'Throttled'],
  [/POOL_EXHAUSTED|^(STOCKOUT|INSUFFICIENT_CAPACITY|resourcesNotAvailable|UNSUPPORTED_OPERATION)$|QUOTA_EXCEEDED|^quotaExceeded$|^CPUS_ALL_REGIONS$|^IP_SPACE_EXHAUSTED|^IP_IN_USE_BY_ANOTHER_RESOURCE$|^INSTANCE_IN_MULTIPLE_LOAD_BALANCED_IGS$|^LIMIT_EXCEEDED$|^limitExceeded$/, 'Exhausted'],
  [/^(notFound|RESOURCE_NOT_FOUND|NOT_FOUND)$/, 'NotFound'],
  [/^(alreadyExists|duplicate|RESOURCE_ALREADY_EXISTS|ALREADY_EXISTS)$/, 'AlreadyExists'],
  [/^(resourceInUseByAnotherResource|RESOURCE_IN_USE_BY_ANOTHER_RESOURCE|RESOURCE_IN_USE|resourceNotReady|RESOURCE_NOT_READY|conditionNotMet|CONDITION_NOT_MET|staleData|OPERATION_CANCELED_BY_USER)$/, 'Unavailable'],
  [/^(forbidden|PERMISSIONS_ERROR|PERMISSION_DENIED|accessNotConfigured|authError|insufficientPermissions|VM_EXTERNAL_IP_ACCESS_POLICY_CONSTRAINT|required credentials)$/, 'Unavailable'],
  [/^(internalError|INTERNAL_ERROR|backendError|UNAVAILABLE|TIMEOUT)$/, 'Unknown'],
];
/** Nothing can have been sent. */
const neverSent = /ENOENT|does not exist, or it is not a file|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|Could not (load|refresh) .*credentials|Unable to detect a Project Id|invalid_grant|metadata/i;

/** A failure of a call to Compute Engine, or of the operation that it began. */
export class GcpError extends ProviderError {
  /** The vendor's reason, such as `resourceInUseByAnotherResource`, or the code of an operation's error, such as `ZONE_RESOURCE_POOL_EXHAUSTED`. */
  readonly code: string | undefined;
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined;

  constructor(reason: ProviderErrorReason, message: string, said: { readonly code?: string | undefined; readonly status?: number | undefined; readonly cause?: unknown; readonly isPassing?: boolean }) {
    super(reason, message, { cause: said.cause, isPassing: said.isPassing === true });
    this.code = said.code;
    this.status = said.status;
  }
}

/** The vendor's word for what went wrong; undefined where it said none. */
export const gcpCode = (error: unknown): string | undefined => (error instanceof GcpError ? error.code : undefined);

/**
 * @param method such as `compute.disks.insert`
 * @param isRead nothing can have changed
 */
export function gcpError(method: string, error: unknown, isRead: boolean): GcpError {
  const message = error instanceof Error ? error.message : String(error);
  const answer = answerIn(message);
  if (answer === undefined) {
    const [first = message] = message.split('\n', 1);
    const isSent = !neverSent.test(`${message} ${String((error as { code?: unknown }).code)}`);
    return new GcpError(isSent && !isRead ? 'Unknown' : 'Unavailable', `${method} got no answer: ${first}`, { cause: error, isPassing: true });
  }
  const { status, code, text } = answer;
  const reason = reasonOf(status, code);
  return new GcpError(reason === 'Unknown' && isRead ? 'Unavailable' : reason, sentence(method, answer), { code, status, cause: new Error(text), isPassing: reason === 'Unknown' });
}

/** How an operation ended that had been accepted. */
export function operationError(method: string, errors: readonly { readonly code?: string | null; readonly message?: string | null }[]): GcpError {
  const [first] = errors;
  const code = first?.code ?? '';
  const text = errors.map((each) => `${each.code ?? ''}: ${each.message ?? ''}`).join('; ');
  return new GcpError(reasons.find(([pattern]) => pattern.test(code))?.[1] ?? 'Invalid', `${method} failed: ${text}`, { code });
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

function reasonOf(status: number, code: string): ProviderErrorReason {
  const known = reasons.find(([pattern]) => pattern.test(code))?.[1];
  if (known !== undefined) return known;
  if (status === 429) return 'Throttled';
  if (status === 404) return 'NotFound';
  if (status === 401 || status === 403 || status === 412) return 'Unavailable';
  return status >= 500 ? 'Unknown' : 'Invalid';
}

function sentence(method: string, { status, code, text }: Answer): string {
  if (status === 401) return `Google Cloud does not accept the credentials for ${method}: ${text}`;
  if (code === 'forbidden') return `the credentials have no permission for ${method}: ${text}`;
  return `${method}: ${text}${code === '' ? '' : ` (${code})`}`;
}

/** The clients put the answer's body into the message. */
function answerIn(message: string): Answer | undefined {
  const start = message.indexOf('{');
  if (start === -1) return undefined;
  try {
    const body: unknown = JSON.parse(message.slice(start));
    const error: unknown = isObject(body) ? body['error'] : undefined;
    if (!isObject(error) || typeof error['code'] !== 'number') return undefined;
    const first: unknown = Array.isArray(error['errors']) ? error['errors'][0] : undefined;
    const code = isObject(first) && typeof first['reason'] === 'string' ? first['reason'] : '';
    return { status: error['code'], code, text: typeof error['message'] === 'string' ? error['message'] : '' };
  } catch {
    return undefined;
  }
}
