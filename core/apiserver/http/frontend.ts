import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes } from '#core/api/access.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ActionIndex } from '#core/apiserver/actions/action.ts';
import type { AuditLog, AuditRecord } from '#core/apiserver/audit/audit-log.ts';
import type { Api } from '#core/apiserver/api.ts';
import { attributesOf, type Access, type Identity } from './access.ts';
import { notAllowed, notServed } from './discovery.ts';
import { Gate } from './gate.ts';
import type { Pages } from './pages.ts';
import { handle, verbOf, type Exchange } from './resource-handler.ts';
import { failureOf, sendFailure } from './respond.ts';
import { route, type Route } from './route.ts';

export interface FrontendOptions {
  readonly api: Api;
  readonly actions: ActionIndex;
  readonly access: Access;
  readonly pages: Pages;
  readonly audit?: AuditLog | undefined;
  readonly maxReads: number;
  readonly maxWrites: number;
  /** `host:port` of the server. */
  readonly address: () => string;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/** A request for a resource, before its verb is carried out. */
interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly identity: Identity;
  readonly verb: Exchange['verb'];
  readonly audit: AuditRecord | undefined;
}

/** The way of every request: who asks, what for, may they, write it down, is there room, answer. */
export class Frontend {
  private readonly options: FrontendOptions;
  private readonly reads: Gate;
  private readonly writes: Gate;

  constructor(options: FrontendOptions) {
    this.options = options;
    this.reads = new Gate('reading', options.maxReads);
    this.writes = new Gate('changing', options.maxWrites);
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { api, stopping } = this.options;
    const id = randomUUID();
    response.setHeader('Audit-Id', id);
    response.setHeader('Cache-Control', 'no-cache, private');
    // Writing to a connection that its reader closed is no event; the response's own close tells.
    response.on('error', () => undefined);
    if (stopping.aborted) response.setHeader('Connection', 'close');
    const trail: Trail = { id, record: undefined };
    try {
      await this.answer(request, response, trail);
      trail.record?.complete(response.statusCode);
    } catch (error) {
      if (!StatusError.is(error)) api.logger.error('a request failed unexpectedly', { method: request.method, path: request.url, error });
      const failure = failureOf(error);
      trail.record?.complete(failure.code ?? 500, failure);
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

  private async answer(request: IncomingMessage, response: ServerResponse, trail: Trail): Promise<void> {
    const { api, access, pages, address } = this.options;
    const { path, query } = locate(request);
    const identity = await access.identify(request);
    const method = request.method ?? 'GET';
    const destination = route(path, api.resources);
    const found = destination?.to === 'resource' ? { target: destination.target, verb: verbOf(method, destination.target, destination.watch, query) } : undefined;
    const attributes = attributesOf(identity.user, found?.verb ?? method.toLowerCase(), path, found?.target, query);
    trail.record = this.record(trail.id, request, identity, attributes);
    const { reason } = access.authorize(attributes);
    trail.record?.allowed(reason);
    if (found) return this.resource({ request, response, query, identity, verb: found.verb, audit: trail.record }, found.target);
    checkReads(method, destination);
    return destination?.to === 'discovery' ? pages.discover(request, response, destination, address()) : pages.serve(path, query, request, response);
  }

  private record(id: string, request: IncomingMessage, { user, impersonator }: Identity, attributes: Attributes): AuditRecord | undefined {
    const { verb, path, group = '', version, resource, subresource = '', namespace = '', name = '' } = attributes;
    return this.options.audit?.begin({
      id, request, user, impersonator, verb, path, ...(version === undefined ? {} : { version }),
      resource: resource === undefined ? undefined : { group, resource, subresource, namespace, name },
    });
  }

  private async resource({ request, response, query, identity, verb, audit }: Asked, target: Exchange['target']): Promise<void> {
    const warnings = new Set<string>();
    const warn = (text: string): void => {
      if (warnings.size >= 50 || warnings.has(text)) return;
      warnings.add(text);
      if (!response.headersSent) response.appendHeader('Warning', `299 - ${quoted(text)}`);
    };
    const annotate = (key: string, value: string): void => audit?.annotate(key, value);
    const { api, actions, access, stopping } = this.options;
    const mayCreate = (): void => void access.authorize(attributesOf(identity.user, 'create', request.url ?? '', target));
    const exchange: Exchange = { api, actions, target, verb, request, response, query, caller: { user: identity.user, warn, annotate, mayCreate }, audit, stopping };
    // A watch lives for an hour; it is bounded by its connection.
    if (verb === 'watch') return handle(exchange);
    const leave = (verb === 'get' || verb === 'list' ? this.reads : this.writes).enter();
    try {
      await handle(exchange);
    } finally {
      leave();
    }
  }
}

interface Trail {
  readonly id: string;
  record: AuditRecord | undefined;
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
