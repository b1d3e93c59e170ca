import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';

/** An answer of the engine that is not a success, as dockerode throws it. */
interface EngineAnswer extends Error {
  readonly statusCode: number;
  readonly json?: unknown;
}

const isAnswer = (error: unknown): error is EngineAnswer => error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';

/** The HTTP status with which the engine refused; undefined when it did not come to an answer. */
export const statusOf = (error: unknown): number | undefined => (isAnswer(error) ? error.statusCode : undefined);

/** What the engine itself says, without what dockerode puts around it. */
export function sentenceOf(error: unknown): string {
  if (!isAnswer(error)) return error instanceof Error ? error.message : String(error);
  const { json } = error;
  if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string' && json.message !== '') return json.message.trim();
  return error.message.replace(/^\(HTTP code \d+\) .*? - /, '').trim();
}

const byStatus: Readonly<Record<number, ProviderErrorReason>> = { 400: 'Invalid', 401: 'Invalid', 403: 'Invalid', 404: 'NotFound', 405: 'Invalid', 409: 'Unavailable', 416: 'Invalid', 429: 'Throttled' };

/** What an operating system says when it has no room, wherever that was. */
const full = /no space left on device|disk quota exceeded|cannot allocate memory/i;

/**
 * The engine's sentence in the house's terms. Classified here and nowhere else.
 * @param what what was being done: `cannot start the container 0a1b`
 */
export function toProviderError(error: unknown, what: string): ProviderError {
  if (ProviderError.is(error)) return error;
  const sentence = `${what}: ${sentenceOf(error)}`;
  if (full.test(sentence)) return new ProviderError('Exhausted', sentence, { cause: error });
  if (isAnswer(error)) return new ProviderError(byStatus[error.statusCode] ?? 'Unavailable', sentence, { cause: error });
  return new ProviderError('Unavailable', `${what}: ${unreachable(error)}`, { cause: error });
}

const codes: Readonly<Record<string, string>> = {
  ENOENT: 'the container engine does not run: its socket is not there',
  ECONNREFUSED: 'the container engine does not run: nobody listens on its socket',
  EACCES: 'this user may not use the container engine',
  ECONNRESET: 'the container engine broke the connection off',
  EPIPE: 'the container engine broke the connection off',
};

function unreachable(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'the container engine gave no answer in time';
  const code = 'code' in error && typeof error.code === 'string' ? codes[error.code] : undefined;
  return code === undefined ? `the container engine cannot be reached: ${error.message}` : `${code} (${error.message})`;
}

/** A start that will fail each time: the OCI runtime looked at the container and refused it. */
const refusedStart = /OCI runtime|seccomp profile|failed to create (shim|task)|executable file not found|permission denied|not a directory|is a directory|no such file or directory|exec format error/i;

/** As `toProviderError`, for starts. The engine says `400` or `500` here, whether it is the program that is missing or the engine that is broken. */
export function toStartError(error: unknown, what: string): ProviderError {
  const failure = toProviderError(error, what);
  if (failure.reason === 'Exhausted' || statusOf(error) === undefined || statusOf(error) === 404) return failure;
  return refusedStart.test(failure.message) ? new ProviderError('Invalid', failure.message, { cause: error }) : failure;
}

const pullReasons: readonly (readonly [RegExp, ProviderErrorReason])[] = [
  [/toomanyrequests|too many requests|rate limit/i, 'Throttled'],
  [/manifest unknown|name unknown|not found|does not exist|no matching manifest|no such image/i, 'NotFound'],
  [/unauthorized|authentication required|denied|no basic auth credentials|forbidden|invalid reference|invalid repository|must be lowercase|unsupported/i, 'Invalid'],
];

/** The registry's words come through the engine, with any status or inside a stream that began well. */
export function toPullError(error: unknown, reference: string): ProviderError {
  const failure = toProviderError(error, `cannot pull "${reference}"`);
  if (failure.reason === 'Exhausted' || (statusOf(error) === undefined && !(error instanceof PullRefused))) return failure;
  const [, reason = 'Unavailable'] = pullReasons.find(([pattern]) => pattern.test(sentenceOf(error))) ?? [];
  return new ProviderError(reason, `cannot pull "${reference}": ${sentenceOf(error)}`, { cause: error });
}

/** An error that the engine told in the middle of a pull's or an import's progress. */
export class PullRefused extends Error {
  override readonly name = 'PullRefused';
}
