import type { IncomingMessage } from 'node:http';
import { StatusError } from '#core/api/status-error.ts';
import type { ApiServices, ExtensionService } from '#core/apiserver/aggregation/api-services.ts';
import { requestNames, type RequestNames } from '#core/apiserver/aggregation/request-names.ts';
import { subresourceOf, type Target } from '#core/apiserver/api.ts';
import type { Connector, ConnectorIndex } from '#core/apiserver/proxy/connector.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';
import type { Verb } from '#core/registry/resource.ts';
import { notServed } from './discovery.ts';
import { verbOf } from './resource-handler.ts';
import { depthOf, route, type Route } from './route.ts';

/** A request's URL, taken apart. */
export interface Located {
  /** Decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** As it was sent. */
  readonly rawPath: string;
  /** As it was sent, with its question mark; '' without one. */
  readonly search: string;
}

/** Who answers a request. */
export type Destination =
  | { readonly to: 'resource'; readonly target: Target; readonly verb: Verb }
  /** @param path what follows the subresource, as it was sent */
  | { readonly to: 'connector'; readonly connector: Connector; readonly target: Target; readonly verb: Verb; readonly path: string }
  | { readonly to: 'extension'; readonly service: ExtensionService; readonly names: RequestNames }
  /** A document about another server's kinds, which this server fetches for everybody alike. */
  | { readonly to: 'extension document'; readonly service: ExtensionService }
  | Extract<Route, { readonly to: 'discovery' }>
  | { readonly to: 'page' };

/** For all who ask for nothing; nobody changes a request's query. */
const noQuery = new URLSearchParams();

/** @throws {StatusError} BadRequest for a path that cannot be decoded */
export function locate({ url = '/' }: IncomingMessage): Located {
  const mark = url.indexOf('?');
  const [rawPath, search] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)];
  try {
    return { path: decodeURIComponent(rawPath), query: search === '' ? noQuery : new URLSearchParams(search), rawPath, search };
  } catch (error) {
    throw StatusError.badRequest(`the path is not valid: ${url.slice(0, 100)}`, { cause: error });
  }
}

export interface DestinationsOptions {
  readonly resources: ResourceIndex;
  readonly connectors: ConnectorIndex;
  readonly services: ApiServices;
}

const documents = '/openapi/v3/apis/';

/** Finds out who answers. */
export class Destinations {
  private readonly options: DestinationsOptions;

  constructor(options: DestinationsOptions) {
    this.options = options;
  }

  /** @throws {StatusError} NotFound, MethodNotAllowed, BadRequest */
  find(method: string, located: Located): Destination {
    const { path, query, rawPath } = located;
    if (path.startsWith('/apis/')) {
      const [group, version, ...rest] = path.slice('/apis/'.length).split('/');
      const service = this.extension(group, version);
      if (service) return { to: 'extension', service, names: requestNames(method, rest.filter((segment) => segment !== ''), query) };
    } else if (path.startsWith(documents)) {
      const service = this.extension(...(path.slice(documents.length).split('/') as [string, string?]));
      if (service) return { to: 'extension document', service };
    }
    const found = route(path, this.options.resources);
    if (found === undefined) return { to: 'page' };
    if (found.to === 'discovery') return found;
    const { target } = found;
    const verb = verbOf(method, target, found.watch, query);
    return target.subresource === '' ? { to: 'resource', target, verb } : this.below(target, verb, rawPath);
  }

  private below(target: Target, verb: Verb, rawPath: string): Destination {
    const { resource, subresource } = target;
    const connector = this.options.connectors.find(resource, subresource);
    if (connector) return { to: 'connector', connector, target, verb, path: afterSegments(rawPath, depthOf(target)) };
    if (subresourceOf(resource, subresource)?.connects) throw notServed();
    return { to: 'resource', target, verb };
  }

  private extension(group: string | undefined, version: string | undefined): ExtensionService | undefined {
    return group === undefined || version === undefined ? undefined : this.options.services.extension(group, version);
  }
}

/** The path after its first segments, which may have any number of slashes between them. */
function afterSegments(rawPath: string, count: number): string {
  let at = 0;
  for (let left = count; left > 0; left--) {
    while (rawPath[at] === '/') at++;
    const end = rawPath.indexOf('/', at);
    if (end < 0) return '';
    at = end;
  }
  return rawPath.slice(at);
}
