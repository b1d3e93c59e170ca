import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Attributes } from '#core/api/access.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import type { ActionIndex } from '#core/apiserver/actions/action.ts';
import type { Aggregator } from '#core/apiserver/aggregation/aggregator.ts';
import { aggregator as aggregatorUser } from '#core/apiserver/aggregation/identity-headers.ts';
import { requestNames, type RequestNames } from '#core/apiserver/aggregation/request-names.ts';
import type { AuditLog, AuditRecord } from '#core/apiserver/audit/audit-log.ts';
import type { Api, Caller, Target } from '#core/apiserver/api.ts';
import type { ConnectionGuard } from '#core/apiserver/limits/connection-guard.ts';
import type { Limits } from '#core/apiserver/limits/limits.ts';
import type { Seat } from '#core/apiserver/limits/priority-level.ts';
import { connect } from '#core/apiserver/proxy/connector.ts';
import type { Upgrade } from '#core/apiserver/proxy/tunnel.ts';
import { nodeHttp } from '#core/kernel/node-http.ts';
import type { Verb } from '#core/registry/resource.ts';
import { attributesOf, type Access, type Identity } from './access.ts';
import { readBody } from './body.ts';
import { locate, type Destination, type Destinations, type Located } from './destination.ts';
import { notAllowed, notServed } from './discovery.ts';
import { isHealth } from './health.ts';
import type { Pages } from './pages.ts';
import { handle } from './resource-handler.ts';
import { failureOf, sendFailure } from './respond.ts';

export interface FrontendOptions {
  readonly api: Api;
  readonly actions: ActionIndex;
  readonly access: Access;
  readonly destinations: Destinations;
  readonly aggregator: Aggregator;
  readonly limits: Limits;
  readonly guard: ConnectionGuard;
  readonly pages: Pages;
  readonly audit?: AuditLog | undefined;
  /** `host:port` of the server. */
  readonly address: () => string;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/** A request and what answers it. */
interface Arrival {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Set when the client asks to go on in another protocol. */
  readonly upgrade: Upgrade | undefined;
  audit: AuditRecord | undefined;
}

/** A request that may be answered. */
interface Admitted extends Arrival {
  readonly located: Located;
  readonly user: User;
  readonly attributes: Attributes;
}

/** What is left of a request that was answered before it had arrived completely is waited for so long. */
const leftoverMs = 5000;

/** What the caller named the request, so that one id follows it through several servers, or a new one. */
function auditId({ headers: { 'audit-id': given } }: IncomingMessage): string {
  return typeof given === 'string' && /^[\w.:/-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Whose credentials are wrong. */
const nobody: User = { name: '', groups: [] };

/** The way of every request: who asks, what for, may they, write it down, is there room, answer. */
export class Frontend {
  private readonly options: FrontendOptions;

  constructor(options: FrontendOptions) {
    this.options = options;
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.run({ id: auditId(request), request, response, upgrade: undefined, audit: undefined });
    if (!request.complete) setTimeout(() => request.complete || request.destroy(), leftoverMs).unref();
  }

  /** Whether another protocol could be spoken at the other end: elsewhere the wish for one is passed over. */
  upgrades(request: IncomingMessage): boolean {
    try {
      const { to } = this.options.destinations.find(request.method ?? 'GET', locate(request));
      return to === 'connector' || to === 'extension';
    } catch {
      return false;
    }
  }

  /** As `serve`, for a request whose connection may go on in another protocol. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const response = new nodeHttp.ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    socket.on('error', () => socket.destroy());
    await this.run({ id: auditId(request), request, response, upgrade: { socket, head }, audit: undefined });
  }

  private async run(arrival: Arrival): Promise<void> {
    const { api, stopping } = this.options;
    const { id, request, response } = arrival;
    response.setHeader('Audit-Id', id);
    response.setHeader('Cache-Control', 'no-cache, private');
    // Writing to a connection that its reader closed is no event; the response's own close tells.
    response.on('error', () => undefined);
    if (stopping.aborted) response.setHeader('Connection', 'close');
    try {
      await this.answer(arrival);
      arrival.audit?.complete(response.statusCode);
    } catch (error) {
      if (!StatusError.is(error)) api.logger.error('a request failed unexpectedly', { method: request.method, path: request.url, error });
      else if (StatusError.is(error, 'Unauthorized') && error.cause instanceof Error) api.logger.debug('credentials were refused', { path: request.url, reason: error.cause.message });
      const failure = failureOf(error);
      arrival.audit?.complete(failure.code ?? 500, failure);
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

  private async answer(arrival: Arrival): Promise<void> {
    const { access, destinations } = this.options;
    const { request } = arrival;
    const located = locate(request);
    const method = request.method ?? 'GET';
    const identity = await this.identify(arrival, method, located);
    const destination = destinations.find(method, located);
    const attributes = attributesAt(destination, identity.user, method, located);
    arrival.audit = this.record(arrival, identity, attributes);
    const { reason } = access.authorize(attributes);
    arrival.audit?.allowed(reason);
    return this.dispatch(destination, Object.assign(arrival, { located, user: identity.user, attributes }));
  }

  private async identify(arrival: Arrival, method: string, located: Located): Promise<Identity> {
    const { access } = this.options;
    let user = nobody;
    try {
      user = await access.authenticate(arrival.request);
      return access.identify(user, arrival.request);
    } catch (error) {
      // Whom nobody knows, and who would be somebody else, is written down too.
      arrival.audit = this.record(arrival, { user }, this.sought(user, method, located));
      throw error;
    }
  }

  /** What is asked for, be it nothing that is here. */
  private sought(user: User, method: string, located: Located): Attributes {
    try {
      return attributesAt(this.options.destinations.find(method, located), user, method, located);
    } catch {
      return { user, verb: method.toLowerCase(), path: located.path };
    }
  }

  private record({ id, request }: Arrival, { user, impersonator }: Identity, attributes: Attributes): AuditRecord | undefined {
    const { verb, path, group = '', version, resource, subresource = '', namespace = '', name = '' } = attributes;
    return this.options.audit?.begin({
      id, request, user, impersonator, verb, path, ...(version === undefined ? {} : { version }),
      resource: resource === undefined ? undefined : { group, resource, subresource, namespace, name },
    });
  }

  private async dispatch(destination: Destination, admitted: Admitted): Promise<void> {
    switch (destination.to) {
      case 'resource': return this.resource(destination, admitted);
      case 'connector': return this.connection(destination, admitted);
      case 'extension': return this.extension(destination, admitted);
      case 'extension document': {
        checkReads(admitted.request.method ?? 'GET', destination);
        return this.seated(admitted, () => this.handOver(destination, admitted, aggregatorUser, false));
      }
      case 'discovery': case 'page': return this.page(destination, admitted);
    }
  }

  private async resource({ target, verb }: { readonly target: Target; readonly verb: Verb }, admitted: Admitted): Promise<void> {
    const { api, actions, limits, stopping } = this.options;
    const { request, response, located: { query }, user, audit } = admitted;
    const isWatch = verb === 'watch';
    const held = isWatch ? limits.streams.enter(user.name) : undefined;
    const share = limits.bodies.for(user.name);
    try {
      // Received before a seat is taken, so that slow senders keep nobody from being served.
      const bytes = reading.has(verb) ? noBody : await readBody(request, { withinMs: limits.bodyMs, take: share.take });
      const caller = this.callerOf(admitted, target);
      await this.seated(admitted, (seat) => handle({ api, actions, target, verb, request, response, bytes, query, caller, audit, stopping, begun: () => seat.leave() }));
    } finally {
      share.end();
      held?.leave();
    }
  }

  private async connection({ connector, target, path }: Extract<Destination, { to: 'connector' }>, admitted: Admitted): Promise<void> {
    const { api, limits, guard, stopping } = this.options;
    const { request, response, upgrade, located: { search }, user, audit } = admitted;
    const held = limits.streams.enter(user.name);
    const watchAgain = guard.spare(request.socket);
    try {
      await connect(connector, { api, target, path, search, caller: this.callerOf(admitted, target), request, response, upgrade, audit, stopping });
    } finally {
      watchAgain();
      held.leave();
    }
  }

  private async extension(destination: Extract<Destination, { to: 'extension' }>, admitted: Admitted): Promise<void> {
    const { user, upgrade } = admitted;
    const longRunning = destination.names.verb === 'watch' || upgrade !== undefined;
    if (!longRunning) return this.seated(admitted, () => this.handOver(destination, admitted, user, false));
    const held = this.options.limits.streams.enter(user.name);
    try {
      await this.handOver(destination, admitted, user, true);
    } finally {
      held.leave();
    }
  }

  private handOver({ service }: Extract<Destination, { readonly service: unknown }>, admitted: Admitted, user: User, longRunning: boolean): Promise<void> {
    const { request, response, upgrade, id, audit } = admitted;
    return this.options.aggregator.serve(service, { request, response, upgrade, user, longRunning, auditId: id, audit, stopping: this.options.stopping });
  }

  private async page(destination: Extract<Destination, { to: 'discovery' | 'page' }>, admitted: Admitted): Promise<void> {
    const { pages, address } = this.options;
    const { request, response, located: { path, query } } = admitted;
    checkReads(request.method ?? 'GET', destination);
    // Whoever looks after this server has to know how it is when it is overloaded, too.
    if (isHealth(path)) return pages.serve(path, query, request, response);
    await this.seated(admitted, () => (destination.to === 'discovery' ? pages.discover(request, response, destination, address()) : pages.serve(path, query, request, response)));
  }

  /** Waits for the request's turn. @throws {StatusError} TooManyRequests */
  private async seated({ attributes, response }: Admitted, work: (seat: Seat) => Promise<void>): Promise<void> {
    const flow = this.options.limits.flows.flowOf(attributes);
    response.setHeader('X-Kubernetes-PF-FlowSchema-UID', flow.schemaUid);
    response.setHeader('X-Kubernetes-PF-PriorityLevel-UID', flow.levelUid);
    const entered = flow.enter((callback) => {
      response.once('close', callback);
      return () => response.off('close', callback);
    });
    const seat = entered instanceof Promise ? await entered : entered;
    try {
      await work(seat);
    } finally {
      seat.leave();
    }
  }

  private callerOf({ user, audit, response, request }: Admitted, target: Target): Caller {
    let warnings: Set<string> | undefined;
    return {
      user,
      warn: (text) => {
        warnings ??= new Set();
        if (warnings.size >= 50 || warnings.has(text)) return;
        warnings.add(text);
        if (!response.headersSent) response.appendHeader('Warning', `299 - ${quoted(text)}`);
      },
      annotate: (key, value) => audit?.annotate(key, value),
      mayCreate: () => void this.options.access.authorize(attributesOf(user, 'create', request.url ?? '', target)),
    };
  }
}

const reading: ReadonlySet<Verb> = new Set<Verb>(['get', 'list', 'watch']);
const noBody = Buffer.alloc(0);

/** What a request is to authorization, wherever it leads. @throws {StatusError} BadRequest */
function attributesAt(destination: Destination, user: User, method: string, { path, query }: Located): Attributes {
  if (destination.to === 'resource' || destination.to === 'connector') return attributesOf(user, destination.verb, path, destination.target, query);
  if (destination.to === 'page') return ofUnknown(method, path, query, user);
  if (destination.to !== 'extension') return { user, verb: method.toLowerCase(), path };
  const { names, service: { spec: { group = '', version = '' } } } = destination;
  return named(names, group, version, method, path, user);
}

const named = ({ resource, ...names }: RequestNames, group: string, version: string, method: string, path: string, user: User): Attributes =>
  (resource === undefined ? { user, verb: method.toLowerCase(), path } : { user, path, group, version, resource, ...names });

const anyVersion = /^\/(?:api|apis\/([^/]+))\/([^/]+)\/(.+)$/;

/** Who may write a kind in every version hears that this one is not served, and not that they may not. */
function ofUnknown(method: string, path: string, query: URLSearchParams, user: User): Attributes {
  const [, group = '', version = '', rest = ''] = anyVersion.exec(path) ?? [];
  return named(requestNames(method, rest.split('/').filter((segment) => segment !== ''), query), group, version, method, path, user);
}

/** Everything but resources is there to be read. @throws {StatusError} MethodNotAllowed, or NotFound where there is nothing at all */
function checkReads(method: string, { to }: Destination): void {
  if (method === 'GET' || method === 'HEAD') return;
  throw to === 'page' ? notServed() : notAllowed();
}

/** A quoted string of RFC 7230; what a header cannot hold is escaped or left out. */
const quoted = (text: string): string => `"${text.slice(0, 1024).replace(/["\\]/g, '\\$&').replace(/[\r\n]/g, ' ').replace(/[^ -~]/g, '?')}"`;
