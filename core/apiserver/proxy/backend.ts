import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { nodeHttp } from '#core/kernel/node-http.ts';
import type { Address } from './address.ts';
import { outgoingHeaders, type Headers } from './headers.ts';

/** How we meet a server whose connection is encrypted. */
export interface TlsTerms extends SecureContextOptions {
  /** The name that its certificate must have. */
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Somebody to whom requests are handed on. */
export interface Backend {
  readonly scheme: 'http' | 'https';
  /** Where the connection really goes. */
  readonly address: Address;
  readonly tls?: TlsTerms;
  /** Keeps connections for requests; upgrades have one of their own. */
  readonly agent: HttpAgent;
}

/** One request as it goes out. */
export interface Outgoing {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
}

/** The one behind this server could not be reached, or broke off before it answered. */
export class BackendError extends Error {
  /** It was waited for in vain. */
  readonly timedOut: boolean;
  /** What happened, without a word on to whom. */
  readonly why: string;

  constructor(cause: unknown, timedOut = false) {
    const why = causeText(cause);
    super(`error trying to reach service: ${why}`, { cause });
    this.name = 'BackendError';
    this.why = why;
    this.timedOut = timedOut;
  }
}

/** A host with several addresses fails with one error for each, and no words of its own. */
function causeText(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return causeText(cause.errors[0]);
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

const connectTimeoutMs = 10_000;

/** Begins a request; its body and its answer are the caller's to deal with. @param upgrades takes a connection of its own */
export function begin({ scheme, address, tls, agent }: Backend, { method, path, headers }: Outgoing, upgrades: boolean): ClientRequest {
  const outgoing = (scheme === 'https' ? httpsRequest : nodeHttp.request)({
    ...tls, host: address.host, port: address.port, method, path, headers: outgoingHeaders(headers),
    // An upgraded connection never comes back.
    agent: upgrades ? false : agent,
  });
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const limit = setTimeout(() => outgoing.destroy(new Error(`no connection to ${address.host}:${address.port} within ${connectTimeoutMs / 1000} s`)), connectTimeoutMs);
    const over = (): void => clearTimeout(limit);
    socket.once(scheme === 'https' ? 'secureConnect' : 'connect', over);
    socket.once('close', over);
  });
  return outgoing;
}

/** Resolves to the answer of a request that has been begun. @throws {BackendError} */
export async function answerOf(outgoing: ClientRequest, timeoutMs: number | undefined): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const limit = timeoutMs === undefined ? undefined : setTimeout(() => {
    reject(new BackendError(new Error(`no answer within ${timeoutMs / 1000} s`), true));
    outgoing.destroy();
  }, timeoutMs);
  outgoing.once('response', resolve);
  outgoing.on('error', (error) => reject(new BackendError(error)));
  outgoing.once('close', () => reject(new BackendError(new Error('the connection was closed'))));
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
  }
}

/** The whole answer to a GET, as text. @throws {BackendError} */
export async function fetchText(
  backend: Backend, outgoing: Omit<Outgoing, 'method'>, limits: { readonly timeoutMs: number; readonly maxBytes: number },
): Promise<{ readonly code: number; readonly headers: IncomingMessage['headers']; readonly text: string }> {
  const request = begin(backend, { ...outgoing, method: 'GET' }, false);
  const late = setTimeout(() => request.destroy(new Error(`no complete answer within ${limits.timeoutMs / 1000} s`)), limits.timeoutMs);
  try {
    request.end();
    const answer = await answerOf(request, undefined);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limits.maxBytes) throw new Error(`the answer has more than ${limits.maxBytes} bytes`);
      chunks.push(chunk);
    }
    return { code: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() };
  } catch (error) {
    request.destroy();
    throw error instanceof BackendError ? error : new BackendError(error);
  } finally {
    clearTimeout(late);
  }
}
