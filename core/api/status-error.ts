import type { Status, StatusCause } from './schema/meta.ts';
import { resourceName, type KindNames } from './schema/kind.ts';

/** The API's reasons (`metav1.StatusReason`). Go clients branch on these, not on the HTTP code. */
export const codeOfReason = {
  BadRequest: 400, Unauthorized: 401, Forbidden: 403, NotFound: 404, MethodNotAllowed: 405, NotAcceptable: 406,
  AlreadyExists: 409, Conflict: 409, Gone: 410, Expired: 410, RequestEntityTooLarge: 413, UnsupportedMediaType: 415,
  Invalid: 422, TooManyRequests: 429, InternalError: 500, ServerTimeout: 500, StoreReadError: 500, ServiceUnavailable: 503, Timeout: 504,
} as const;
export type StatusReason = keyof typeof codeOfReason;

export interface StatusErrorDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

const brand = Symbol.for('keelson/StatusError');

/** A failure that the API reports as a `Status`. Tested with `StatusError.is`, which also holds across copies of this package. */
export class StatusError extends Error {
  readonly [brand] = true;
  readonly reason: StatusReason | '';
  readonly code: number;
  readonly details: StatusErrorDetails | undefined;
  /** For an expired list: the token with which to go on without consistency (`metadata.continue`). */
  readonly continue: string | undefined;

  /** @param reason '' where upstream knows none either: 500 */
  constructor(reason: StatusReason | '', message: string, details?: StatusErrorDetails, options: { cause?: unknown; code?: number; continue?: string } = {}) {
    super(message, { cause: options.cause });
    this.name = 'StatusError';
    this.reason = reason;
    this.code = options.code ?? (reason === '' ? 500 : codeOfReason[reason]);
    this.details = details;
    this.continue = options.continue;
  }

  static is(error: unknown, ...reasons: StatusReason[]): error is StatusError {
    if (typeof error !== 'object' || error === null || !(brand in error)) return false;
    const { reason } = error as StatusError;
    return reasons.length === 0 || (reason !== '' && reasons.includes(reason));
  }

  /** Rebuilds the error that a remote server sent. */
  static from(status: Status, fallbackCode: number): StatusError {
    const reason = status.reason !== undefined && status.reason in codeOfReason ? (status.reason as StatusReason) : 'InternalError';
    return new StatusError(reason, status.message ?? `the server answered ${fallbackCode}`, status.details, {
      code: status.code ?? fallbackCode,
      ...(status.metadata?.continue === undefined ? {} : { continue: status.metadata.continue }),
    });
  }

  status(): Status {
    return {
      kind: 'Status', apiVersion: 'v1',
      metadata: this.continue === undefined ? {} : { continue: this.continue },
      status: 'Failure', message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  static notFound(kind: Pick<KindNames, 'group' | 'plural'>, name: string): StatusError {
    return new StatusError('NotFound', `${resourceName(kind)} "${name}" not found`, about(kind, name));
  }

  static alreadyExists(kind: Pick<KindNames, 'group' | 'plural'>, name: string): StatusError {
    return new StatusError('AlreadyExists', `${resourceName(kind)} "${name}" already exists`, about(kind, name));
  }

  static conflict(kind: Pick<KindNames, 'group' | 'plural'>, name: string, why: string): StatusError {
    return new StatusError('Conflict', `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`, about(kind, name));
  }

  static modified(kind: Pick<KindNames, 'group' | 'plural'>, name: string): StatusError {
    return StatusError.conflict(kind, name, 'the object has been modified; please apply your changes to the latest version and try again');
  }

  static forbidden(kind: Pick<KindNames, 'group' | 'plural'>, name: string, why: string, causes?: StatusCause[]): StatusError {
    const subject = name === '' ? resourceName(kind) : `${resourceName(kind)} "${name}"`;
    return new StatusError('Forbidden', `${subject} is forbidden: ${why}`, { ...about(kind, name), ...(causes ? { causes } : {}) });
  }

  static badRequest(message: string, options: { cause?: unknown } = {}): StatusError {
    return new StatusError('BadRequest', message, undefined, options);
  }

  static expired(message: string, token?: string): StatusError {
    return new StatusError('Expired', message, undefined, token === undefined ? {} : { continue: token });
  }
}

const about = (kind: Pick<KindNames, 'group' | 'plural'>, name: string): StatusErrorDetails =>
  ({ ...(name === '' ? {} : { name }), ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural });
