import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, begin, BackendError, type Backend, type Outgoing } from './backend.ts';
import { answerHeaders } from './headers.ts';

export interface ForwardOptions {
  /** Until the answer begins, and between two pieces of it, in milliseconds; no limit for streams such as watches. */
  readonly timeoutMs?: number | undefined;
  /** Where a redirect leads, as the caller can follow it. */
  readonly rewriteLocation?: (location: string) => string;
  /** Begins the answer in its own way. What it throws is answered in its place. By default code and headers go back as they came. */
  readonly begin?: (answer: IncomingMessage) => Promise<void>;
  /** Called when the answer begins. */
  readonly started?: (code: number) => void;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

const sameLocation = (location: string): string => location;

/**
 * Hands a request on and its answer back, piece by piece in both directions. Resolves when the answer is over, also when it was cut off.
 * @throws {BackendError} when there is no answer
 */
export async function forward(request: IncomingMessage, response: ServerResponse, backend: Backend, outgoing: Outgoing, options: ForwardOptions): Promise<void> {
  // What comes in pieces of unknown number goes on so, also with methods that mostly have no body.
  if (request.headers['transfer-encoding'] !== undefined) outgoing.headers.set('transfer-encoding', ['chunked']);
  let sent = begin(backend, outgoing, false);
  const leave = (): void => void sent.destroy();
  response.once('close', leave);
  try {
    const withBody = hasBody(request);
    if (withBody) request.pipe(sent);
    else sent.end();
    let answer: IncomingMessage;
    try {
      answer = await answerOf(sent, options.timeoutMs);
    } catch (error) {
      if (!mayRepeat(sent, outgoing.method, withBody, error)) throw error;
      sent = begin(backend, outgoing, false);
      sent.end();
      answer = await answerOf(sent, options.timeoutMs);
    }
    await handBack(answer, response, options);
  } finally {
    request.unpipe(sent);
    response.off('close', leave);
    sent.on('error', () => undefined);
    sent.destroy();
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The other side closed a kept connection just when it was used again: what changes nothing may be asked once more. */
function mayRepeat(sent: ClientRequest, method: string, withBody: boolean, error: unknown): boolean {
  const cause = error instanceof BackendError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return sent.reusedSocket && !withBody && (method === 'GET' || method === 'HEAD') && cause?.code === 'ECONNRESET';
}

/** Passes an answer on as it comes. */
export async function handBack(answer: IncomingMessage, response: ServerResponse, { rewriteLocation = sameLocation, begin: head, started, stopping, timeoutMs }: ForwardOptions): Promise<void> {
  if (head) await head(answer);
  else response.writeHead(answer.statusCode ?? 502, answerHeaders(answer, rewriteLocation));
  // A watch's answer may consist of headers for an hour.
  response.flushHeaders();
  started?.(response.statusCode);
  const cut = (): void => void response.destroy();
  answer.on('error', cut);
  answer.on('aborted', cut);
  stopping.addEventListener('abort', cut, { once: true });
  const silence = timeoutMs === undefined ? undefined : setTimeout(cut, timeoutMs);
  if (silence) answer.on('data', () => void silence.refresh());
  const closed = new Promise((resolve) => {
    response.once('close', resolve);
  });
  answer.pipe(response);
  await closed;
  clearTimeout(silence);
  stopping.removeEventListener('abort', cut);
  answer.destroy();
}
