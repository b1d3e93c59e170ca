import { textOf, type Json } from './json.ts';

interface ErrorParts {
  readonly domain?: string;
  readonly location?: string;
  readonly locationType?: string;
  /** Only what Google's front end says has one; what Compute Engine itself says has none. */
  readonly status?: string;
  readonly details?: readonly Json[];
  /** What `errors[0]` says where that differs. */
  readonly inner?: string;
}

/** An answer that refuses the request, in the form of the Google APIs' errors. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly #parts: ErrorParts;

  constructor(code: number, reason: string, message: string, parts: ErrorParts = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.#parts = parts;
  }

  toJSON(): Json {
    const { domain = 'global', location, locationType, status, details, inner = this.message } = this.#parts;
    const first = { message: inner, domain, reason: this.reason, ...(location === undefined ? {} : { location, locationType }) };
    return { error: { code: this.code, message: this.message, errors: [first], ...(status === undefined ? {} : { status }), ...(details === undefined ? {} : { details }) } };
  }
}

/** How an operation ended that was accepted: goes into `error.errors` of the operation. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: string;
  readonly httpStatus: number;
  readonly httpMessage: string;
  readonly details: readonly Json[];

  constructor(code: string, message: string, [httpStatus, httpMessage]: readonly [number, string], details: readonly Json[] = []) {
    super(message);
    this.code = code;
    this.httpStatus = httpStatus;
    this.httpMessage = httpMessage;
    this.details = details;
  }
}

export const badRequest = [400, 'BAD REQUEST'] as const;
export const forbidden = [403, 'FORBIDDEN'] as const;
export const unavailable = [503, 'SERVICE UNAVAILABLE'] as const;

export function invalid(field: string, value: unknown, why: string): ApiError {
  return new ApiError(400, 'invalid', `Invalid value for field '${field}': '${textOf(value)}'. ${why}`);
}

export function required(field: string): ApiError {
  return new ApiError(400, 'required', `Required field '${field}' not specified`);
}

export function requiredParameter(name: string): ApiError {
  return new ApiError(400, 'required', `Required parameter: ${name}`, { location: name, locationType: 'parameter' });
}

export function notFound(path: string): ApiError {
  return new ApiError(404, 'notFound', `The resource '${path}' was not found`);
}

export function alreadyExists(path: string): ApiError {
  return new ApiError(409, 'alreadyExists', `The resource '${path}' already exists`);
}

export function notReady(path: string): ApiError {
  return new ApiError(400, 'resourceNotReady', `The resource '${path}' is not ready`);
}

export function conditionNotMet(message: string): ApiError {
  return new ApiError(412, 'conditionNotMet', message, { location: 'If-Match', locationType: 'header' });
}

function inUseMessage(noun: string, path: string, user: string): string {
  return `The ${noun} resource '${path}' is already being used by '${user}'`;
}

export function inUse(noun: string, path: string, user: string): ApiError {
  return new ApiError(400, 'resourceInUseByAnotherResource', inUseMessage(noun, path, user));
}

export function inUseFailure(noun: string, path: string, user: string): OperationError {
  return new OperationError('RESOURCE_IN_USE_BY_ANOTHER_RESOURCE', inUseMessage(noun, path, user), badRequest);
}

export function notReadyFailure(path: string): OperationError {
  return new OperationError('RESOURCE_NOT_READY', `The resource '${path}' is not ready`, badRequest);
}

export function notFoundFailure(path: string): OperationError {
  return new OperationError('RESOURCE_NOT_FOUND', `The resource '${path}' was not found`, [404, 'NOT FOUND']);
}

export function serviceUnavailable(): ApiError {
  return new ApiError(503, 'backendError', 'Internal error. Please try again or contact Google Support.', { status: 'UNAVAILABLE' });
}

/** The front end's answer to a body or a query that the method's message does not have. */
export function unknownName(name: string, at: string, what: 'field' | 'parameter'): ApiError {
  const where = at === '' ? '' : ` at '${at}'`;
  const why = what === 'field' ? 'Cannot find field.' : `Cannot bind query parameter. Field '${name}' could not be found in request message.`;
  return malformed(`Invalid JSON payload received. Unknown name "${name}"${where}: ${why}`);
}

export function malformed(message: string): ApiError {
  return new ApiError(400, 'badRequest', message, { status: 'INVALID_ARGUMENT' });
}
