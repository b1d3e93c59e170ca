import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { StatusError } from '#core/api/status-error.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { nodeHttp } from '#core/kernel/node-http.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { failureOf, timedOut, unreachable } from './http-failure.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
}

export interface HttpOptions {
  readonly clock: Clock;
  /** For a whole answer, or for the first byte of a stream, in milliseconds. 30 s by default. */
  readonly timeoutMs?: number;
  /** How often to try again when the server says 429 with Retry-After. 5 by default. */
  readonly retries?: number;
  /** Largest answer in bytes. 256 MiB by default. */
  readonly maxAnswerBytes?: number;
  readonly userAgent?: string;
  /** Sent with every request, such as a proxy's word on who asks. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** A server that asks for a longer wait than this is told about it by whoever called. */
const longestWaitMs = 30_000;

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly retryAfterSeconds: number | undefined;
}

/** HTTP to one API server: kept-alive connections, time limits, and failures as `StatusError`. */
export class HttpTransport {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string | string[]>>;
  readonly #options: HttpOptions;
  readonly #timeoutMs: number;
  /** Streams hold their connection for long: they must not use up those that requests share. */
  readonly #agents: { readonly requests: HttpAgent; readonly streams: HttpAgent };

  /** @throws {TypeError} when `connection.server` is no http or https URL */
  constructor(connection: ClusterConnection, options: HttpOptions) {
    this.#base = new URL(connection.server);
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#headers = {
      accept: 'application/json', 'user-agent': options.userAgent ?? 'keelson',
      ...(connection.token === undefined ? {} : { authorization: `Bearer ${connection.token}` }),
      ...Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]])),
    };
    const agent = agentMaker(this.#base, connection);
    this.#agents = { requests: agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16 }), streams: agent({ keepAlive: false }) };
  }

  /** Closes all connections; what is under way fails. */
  close(): void {
    this.#agents.requests.destroy();
    this.#agents.streams.destroy();
  }

  /** Sends a request and parses the answer. @throws {StatusError} */
  async json(request: HttpRequest, signal?: AbortSignal): Promise<unknown> {
    const what = nameOf(request);
    for (let retriesLeft = this.#options.retries ?? 5; ; retriesLeft--) {
      const { code, text, retryAfterSeconds } = await this.#exchange(request, signal);
      if (code >= 200 && code < 300) return parse(text, what);
      const waitMs = (retryAfterSeconds ?? Number.POSITIVE_INFINITY) * 1000;
      if (code !== 429 || retriesLeft <= 0 || waitMs > longestWaitMs) throw failureOf(code, text, what, retryAfterSeconds);
      await this.#pause(waitMs, signal);
    }
  }

  /** Sends a request and hands on the answer as it comes; ends quietly after `lifetimeMs`. @throws {StatusError} */
  async *stream(request: HttpRequest, lifetimeMs: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    const what = nameOf(request);
    const over = Symbol('lifetime over');
    const attempt = new Attempt(this.#options.clock, signal);
    try {
      attempt.limit(this.#timeoutMs, timedOut(what, this.#timeoutMs));
      const response = await this.#send(request, this.#agents.streams, attempt.signal);
      if (response.statusCode !== 200) {
        throw failureOf(response.statusCode ?? 0, await this.#readAll(response, what), what, retryAfter(response, this.#options.clock));
      }
      attempt.limit(lifetimeMs, over);
      for await (const chunk of response) yield chunk as Buffer;
    } catch (error) {
      const reason: unknown = attempt.signal.aborted ? attempt.signal.reason : error;
      if (reason === over) return;
      throw attempt.signal.aborted || StatusError.is(error) ? reason : unreachable(what, error);
    } finally {
      attempt.end();
    }
  }

  async #exchange(request: HttpRequest, signal: AbortSignal | undefined): Promise<Answer> {
    const what = nameOf(request);
    const attempt = new Attempt(this.#options.clock, signal);
    try {
      attempt.limit(this.#timeoutMs, timedOut(what, this.#timeoutMs));
      const response = await this.#send(request, this.#agents.requests, attempt.signal);
      return { code: response.statusCode ?? 0, text: await this.#readAll(response, what), retryAfterSeconds: retryAfter(response, this.#options.clock) };
    } catch (error) {
      if (attempt.signal.aborted) throw attempt.signal.reason;
      throw StatusError.is(error) ? error : unreachable(what, error);
    } finally {
      attempt.end();
    }
  }

  #send(request: HttpRequest, agent: HttpAgent, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    if (signal.aborted) {
      reject(signal.reason);
      return promise;
    }
    const body = request.body === undefined ? undefined : Buffer.from(request.body);
    const outgoing = (this.#base.protocol === 'https:' ? httpsRequest : nodeHttp.request)({
      agent, signal, method: request.method,
      host: bareHost(this.#base), port: this.#base.port, path: this.#base.pathname.replace(/\/$/, '') + request.path,
      headers: {
        ...this.#headers, host: this.#base.host,
        ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
      },
    });
    // A dead peer says nothing: without probes a watch would wait for it until its lifetime is over.
    outgoing.on('socket', (socket) => socket.setKeepAlive(true, 30_000));
    let answered = false;
    outgoing.on('response', (response) => {
      answered = true;
      resolve(response);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // The server closed a kept-alive connection just when it was used again. A read may be sent once more; a write may have been done.
      if (!answered && outgoing.reusedSocket && error.code === 'ECONNRESET' && request.method === 'GET') resolve(this.#send(request, agent, signal));
      else reject(error);
    });
    outgoing.end(body);
    return promise;
  }

  async #readAll(response: IncomingMessage, what: string): Promise<string> {
    const max = this.#options.maxAnswerBytes ?? 256 * 2 ** 20;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > max) throw new StatusError('InternalError', `${what}: the server's answer is longer than ${max} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#options.clock.sleep(ms, signal);
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    }
  }
}

/** A signal that aborts with the caller's, or at a time limit; the last limit set counts. */
class Attempt {
  readonly #clock: Clock;
  readonly #parent: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #parentAborted = (): void => this.#controller.abort(this.#parent?.reason);
  #cancelLimit: () => void = () => undefined;

  constructor(clock: Clock, parent: AbortSignal | undefined) {
    this.#clock = clock;
    this.#parent = parent;
    parent?.addEventListener('abort', this.#parentAborted, { once: true });
    if (parent?.aborted === true) this.#parentAborted();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  limit(ms: number, reason: unknown): void {
    this.#cancelLimit();
    this.#cancelLimit = this.#clock.after(ms, () => this.#controller.abort(reason));
  }

  end(): void {
    this.#cancelLimit();
    this.#parent?.removeEventListener('abort', this.#parentAborted);
  }
}

interface AgentLimits {
  readonly keepAlive: boolean;
  readonly maxSockets?: number;
  readonly maxFreeSockets?: number;
}

function agentMaker(base: URL, connection: ClusterConnection): (limits: AgentLimits) => HttpAgent {
  if (base.protocol === 'http:') return (limits) => new nodeHttp.Agent(limits);
  if (base.protocol !== 'https:') throw new TypeError(`the server's address must begin with https:// or http://, got ${JSON.stringify(connection.server)}`);
  const { ca, cert, key, serverName } = connection;
  const tls = {
    ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: connection.insecure !== true,
  };
  return (limits) => new HttpsAgent({ ...tls, ...limits });
}

const nameOf = ({ method, path }: HttpRequest): string => `${method} ${path.replace(/\?.*$/s, '')}`;

const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StatusError('InternalError', `${what}: the server's answer is no JSON: ${JSON.stringify(text.slice(0, 100))}`, undefined, { cause });
  }
}

/** Seconds that the Retry-After header asks for; it may also be a date. */
function retryAfter(response: IncomingMessage, clock: Clock): number | undefined {
  const header = response.headers['retry-after'];
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - clock.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
