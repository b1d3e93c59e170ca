import { PlainError } from '#core/agent/server/plain-error.ts';

/** What of a log is wanted. */
export interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** Both when undefined. */
  readonly stream: 'stdout' | 'stderr' | undefined;
}

const unreadable = (): PlainError => new PlainError(400, '{"message": "Unable to decode query."}');
const invalid = (): PlainError => new PlainError(422, '{"message": "Invalid request."}');

const streams: Readonly<Record<string, 'stdout' | 'stderr' | undefined>> = { All: undefined, Stdout: 'stdout', Stderr: 'stderr' };

/** @param nowMs milliseconds since the epoch @throws {PlainError} in upstream's words */
export function logQuery(query: URLSearchParams, nowMs: number): LogQuery {
  const tailLines = tailOf(query);
  const limitBytes = numberOf(query, 'limitBytes', 1);
  const since = sinceOf(query, nowMs);
  const stream = streamOf(query.get('stream') ?? '');
  // Lines are counted before those of the other stream are left out.
  if (stream !== undefined && tailLines !== undefined) throw invalid();
  return { follow: flagOf(query, 'follow'), previous: flagOf(query, 'previous'), timestamps: flagOf(query, 'timestamps'), since, tailLines, limitBytes, stream };
}

/** `tail` is an old name, with which `all` is a number too. */
function tailOf(query: URLSearchParams): number | undefined {
  const tail = query.get('tail') ?? '';
  if (tail === '') return numberOf(query, 'tailLines', 0);
  return tail === 'all' ? undefined : numberOf(query, 'tail', 0);
}

function sinceOf(query: URLSearchParams, nowMs: number): number | undefined {
  const seconds = numberOf(query, 'sinceSeconds', 1);
  const time = timeOf(query.get('sinceTime') ?? '');
  if (seconds !== undefined && time !== undefined) throw invalid();
  return seconds === undefined ? time : nowMs - seconds * 1000;
}

/** As Go's conversion reads them: everything but `false` and `0` is true, also nothing after the name. */
function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && !['false', '0'].includes(text.toLowerCase());
}

function numberOf(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^[+-]?\d{1,19}$/.test(text)) throw unreadable();
  const number = Number(text);
  if (number < least) throw invalid();
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

function timeOf(text: string): number | undefined {
  if (text === '' || text === 'null') return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw unreadable();
  return time;
}

function streamOf(text: string): 'stdout' | 'stderr' | undefined {
  if (text === '') return undefined;
  if (!Object.hasOwn(streams, text)) throw invalid();
  return streams[text];
}
