import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Attributes } from '#core/api/access.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { anonymous, type Authenticator } from '#core/authn/authenticator.ts';
import { forbiddenMessage, type Authorizer } from '#core/authz/authorizer.ts';
import type { HealthCheck } from '#core/kernel/health-check.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import { token } from '#core/kernel/token.ts';
import type { Api } from './api.ts';
import { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions, notAllowed, notServed } from './http/discovery.ts';
import { Gate } from './http/gate.ts';
import { serveHealth } from './http/health.ts';
import { negotiate } from './http/negotiate.ts';
import { OpenApi } from './http/openapi.ts';
import type { Verb } from '#core/registry/resource.ts';
import { handle, verbOf } from './http/resource-handler.ts';
import { send, sendFailure } from './http/respond.ts';
import { route, type Route } from './http/route.ts';

/** As `/version` answers it: which Kubernetes this server speaks, and what it is. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

export interface ApiServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM texts; `ca` signs client certificates. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly version: VersionInfo;
  /** Requests under way at once; more are turned away with 429. Defaults 400 and 200, as upstream. */
  readonly maxReads?: number;
  readonly maxWrites?: number;
}

/** The Kubernetes REST protocol over HTTPS. Knows HTTP; the verbs know objects. */
export class ApiServer implements Component {
  readonly name = 'api-server';
  private readonly api: Api;
  private readonly options: ApiServerOptions;
  private readonly authenticators: readonly Authenticator[];
  private readonly authorizer: Authorizer;
  private readonly checks: readonly HealthCheck[];
  private readonly openapi: OpenApi;
  private readonly reads: Gate;
  private readonly writes: Gate;
  private readonly stopping = new AbortController();
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  constructor(api: Api, authenticators: readonly Authenticator[], authorizer: Authorizer, checks: readonly HealthCheck[], options: ApiServerOptions) {
    this.api = api;
    this.options = options;
    this.authenticators = authenticators;
    this.authorizer = authorizer;
    this.checks = checks;
    // Each watch listens for the end of the server.
    setMaxListeners(0, this.stopping.signal);
    this.openapi = new OpenApi(api.resources, options.version.gitVersion);
    this.reads = new Gate('reading', options.maxReads ?? 400);
    this.writes = new Gate('changing', options.maxWrites ?? 200);
  }

  /** Where clients reach it, once started: `https://127.0.0.1:6443`. */
  get url(): string {
    const address = this.server?.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the API server is not started');
    const host = this.options.host === '0.0.0.0' || this.options.host === '::' ? '127.0.0.1' : this.options.host;
    return `https://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  }

  async start(): Promise<void> {
    const { ca, cert, key } = this.options.tls;
    const server = createServer({
      ca, cert, key, requestCert: true, rejectUnauthorized: false,
      // Clients of the Go library keep idle connections for 90 s; closing first would fail their next request.
      keepAliveTimeout: 180_000, headersTimeout: 20_000, requestTimeout: 60_000, noDelay: true,
      // Selectors travel in the URL. Go servers take as much.
      maxHeaderSize: 1024 * 1024,
    });
    this.server = server;
    server.on('request', (request, response) => void this.serve(request, response));
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
    server.on('clientError', refuseMalformed);
    server.on('secureConnection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.options.port, this.options.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.api.logger.error('the listener failed', { error }));
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.stopping.abort();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    // What is being answered may end; what holds on is cut.
    const cut = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, 1500);
    await closed;
    clearTimeout(cut);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Audit-Id', randomUUID());
    response.setHeader('Cache-Control', 'no-cache, private');
    // Writing to a connection that its reader closed is no event; the response's own close tells.
    response.on('error', () => undefined);
    if (this.stopping.signal.aborted) response.setHeader('Connection', 'close');
    try {
      await this.answer(request, response);
    } catch (error) {
      if (!StatusError.is(error)) this.api.logger.error('a request failed unexpectedly', { method: request.method, path: request.url, error });
      await this.fail(request, response, error);
    }
  }

  private async fail(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (!request.complete) {
      // The rest of the body is not wanted; without this the client would have to send it all first.
      response.setHeader('Connection', 'close');
      response.once('finish', () => setTimeout(() => request.destroy(), 500).unref());
      request.resume();
    }
    await sendFailure(response, error);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = locate(request);
    const user = await this.authenticate(request);
    const method = request.method ?? 'GET';
    const destination = route(path, this.api.resources);
    const verb = destination?.to === 'resource' ? verbOf(method, destination.target, destination.watch, query) : undefined;
    this.authorize(user, verb ?? method.toLowerCase(), path, destination);
    if (destination?.to === 'resource' && verb !== undefined) return this.resource(request, response, query, user, verb, destination);
    checkReads(method, destination);
    return destination?.to === 'discovery' ? this.discover(request, response, destination) : this.other(path, query, request, response);
  }

  private async authenticate(request: IncomingMessage): Promise<User> {
    for (const authenticator of this.authenticators) {
      const user = await authenticator.authenticate(request);
      if (user) return user;
    }
    if (request.headers.authorization !== undefined) throw new StatusError('Unauthorized', 'Unauthorized');
    return anonymous;
  }

  private authorize(user: User, verb: string, path: string, destination: Route): void {
    const target = destination?.to === 'resource' ? destination.target : undefined;
    const attributes: Attributes = {
      user, verb, path,
      ...(target ? { group: target.resource.kind.group, version: target.resource.kind.version, resource: target.resource.kind.plural, subresource: target.subresource, namespace: target.namespace, name: target.name } : {}),
    };
    const { allowed, reason } = this.authorizer.authorize(attributes);
    if (allowed) return;
    if (user === anonymous) throw new StatusError('Unauthorized', 'Unauthorized');
    throw new StatusError('Forbidden', forbiddenMessage(attributes, reason), target ? { kind: target.resource.kind.plural, ...(target.name === '' ? {} : { name: target.name }) } : {});
  }

  private async resource(
    request: IncomingMessage, response: ServerResponse, query: URLSearchParams, user: User, verb: Verb, { target }: Extract<Route, { to: 'resource' }>,
  ): Promise<void> {
    const warnings = new Set<string>();
    const warn = (text: string): void => {
      if (warnings.size >= 50 || warnings.has(text)) return;
      warnings.add(text);
      if (!response.headersSent) response.appendHeader('Warning', `299 - ${quoted(text)}`);
    };
    const exchange = { api: this.api, target, verb, request, response, query, caller: { user, warn }, stopping: this.stopping.signal };
    // A watch lives for an hour; it is bounded by its connection.
    if (verb === 'watch') return handle(exchange);
    const leave = (verb === 'get' || verb === 'list' ? this.reads : this.writes).enter();
    try {
      await handle(exchange);
    } finally {
      leave();
    }
  }

  private async discover(request: IncomingMessage, response: ServerResponse, { group, version }: Extract<Route, { to: 'discovery' }>): Promise<void> {
    const { resources } = this.api;
    if (version !== undefined) return send(response, 200, apiResourceList(resources, group ?? '', version));
    if (group !== undefined && group !== '') return send(response, 200, apiGroup(resources, group));
    const format = negotiate(request.headers.accept, ['discovery']);
    response.setHeader('Vary', 'Accept');
    if (format.as === 'discovery') {
      return send(response, 200, aggregated(resources, group === '', format.version), 'json', `application/json;g=apidiscovery.k8s.io;v=${format.version};as=APIGroupDiscoveryList`);
    }
    return send(response, 200, group === '' ? apiVersions(new URL(this.url).host) : apiGroupList(resources));
  }

  private async other(path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (serveHealth(path, query, this.checks, response)) return undefined;
    if (path === '/version' || path === '/version/') return send(response, 200, this.options.version);
    if (path === '/openapi/v3' || path === '/openapi/v3/') return send(response, 200, this.openapi.index());
    if (path === '/openapi/v2') {
      // kubectl before 1.29 wants a protobuf document here; an empty one is valid, and it then asks for nothing more.
      // It parses this header strictly, and the type that upstream names is not a legal one.
      response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': 0 });
      response.end();
      return;
    }
    if (path.startsWith('/openapi/v3/')) return this.openapiDocument(path.slice('/openapi/v3/'.length), query, request, response);
    if (path === '/') return send(response, 200, { paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'] });
    throw notServed();
  }

  private async openapiDocument(name: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const document = this.openapi.document(name);
    if (!document) throw notServed();
    const asked = query.get('hash');
    if (asked !== null && asked !== document.hash) {
      response.writeHead(301, { Location: `/openapi/v3/${name}?hash=${document.hash}`, 'Content-Length': 0 });
      response.end();
      return;
    }
    response.setHeader('ETag', `"${document.hash}"`);
    if (asked !== null) response.setHeader('Cache-Control', 'public, immutable');
    if (request.headers['if-none-match'] === `"${document.hash}"`) {
      response.writeHead(304);
      response.end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(document.text) });
    response.end(document.text);
  }
}
export const ApiServerOptions = token<ApiServerOptions>('ApiServerOptions');

/** What never became a request: too long a URL, a body that does not come, or no HTTP at all. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [code, text, sentence] = error.code === 'HPE_HEADER_OVERFLOW' ? [431, 'Request Header Fields Too Large', 'the URL and headers are longer than 1 MiB together']
    : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? [408, 'Request Timeout', 'the request did not arrive completely within 60 s']
      : [400, 'Bad Request', `the request is not HTTP: ${error.message}`];
  const body = JSON.stringify(new StatusError('BadRequest', String(sentence), undefined, { code: Number(code) }).status());
  socket.end(`HTTP/1.1 ${code} ${text}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Everything but resources is there to be read. @throws {StatusError} MethodNotAllowed, or NotFound where there is nothing at all */
function checkReads(method: string, destination: Route): void {
  if (method === 'GET' || method === 'HEAD') return;
  throw destination === undefined ? notServed() : notAllowed();
}

/** @throws {StatusError} BadRequest for a path that cannot be decoded */
function locate(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  try {
    return { path: decodeURIComponent(mark < 0 ? url : url.slice(0, mark)), query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
  } catch (error) {
    throw StatusError.badRequest(`the path is not valid: ${url.slice(0, 100)}`, { cause: error });
  }
}

/** A quoted string of RFC 7230; what a header cannot hold is escaped or left out. */
const quoted = (text: string): string => `"${text.slice(0, 1024).replace(/["\\]/g, '\\$&').replace(/[\r\n]/g, ' ').replace(/[^ -~]/g, '?')}"`;

