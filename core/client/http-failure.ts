import type { Status } from '#core/api/schema/meta.ts';
import { StatusError, type StatusReason } from '#core/api/status-error.ts';
import { isObject } from '#core/api/value.ts';

/** For answers that come without a Status: from a proxy on the way, say. */
const reasons: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 405: 'MethodNotAllowed', 406: 'NotAcceptable', 409: 'Conflict',
  410: 'Expired', 413: 'RequestEntityTooLarge', 415: 'UnsupportedMediaType', 422: 'Invalid', 429: 'TooManyRequests', 503: 'ServiceUnavailable', 504: 'Timeout',
};

const isStatus = (value: unknown): value is Status => isObject(value) && value.kind === 'Status';

/** The failure that an HTTP answer reports. `what` names the request, `retryAfterSeconds` is the answer's header. */
export function failureOf(code: number, text: string, what: string, retryAfterSeconds?: number): StatusError {
  const body = tryParse(text);
  const hint = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  // 410 has two reasons, which mean the same to who gets one.
  if (isStatus(body)) return StatusError.from({ ...body, ...(code === 410 ? { reason: 'Expired' } : {}), details: { ...hint, ...body.details } }, code);
  const said = text.trim().slice(0, 300);
  return new StatusError(reasons[code] ?? 'InternalError', `${what}: the server answered ${code}${said === '' ? '' : `: ${said}`}`, hint, { code });
}

/** The failure that an ERROR event of a watch reports. */
export function failureOfEvent(object: unknown, what: string): StatusError {
  if (!isStatus(object)) return new StatusError('InternalError', `${what}: the server ended the watch with an error that is no Status`);
  return StatusError.from(object.code === 410 ? { ...object, reason: 'Expired' } : object, 500);
}

/** No answer came, or only part of one: what was asked for may or may not have been done. */
export function unreachable(what: string, cause: unknown): StatusError {
  return new StatusError('ServiceUnavailable', `${what}: no answer from the server: ${cause instanceof Error ? cause.message || cause.name : String(cause)}`, undefined, { cause });
}

export const timedOut = (what: string, ms: number): StatusError => new StatusError('Timeout', `${what}: no answer from the server within ${ms} ms`);

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
