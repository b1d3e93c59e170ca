import type { IncomingMessage, ServerResponse } from 'node:http';
import { localPriority, type Priority } from '#core/apiserver/aggregation/priorities.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { HealthCheck } from '#core/kernel/health-check.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';
import type { VersionInfo } from '#core/apiserver/version-info.ts';
import { AggregatedDocuments } from './aggregated-documents.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions, groupsOf, notServed, type Catalog } from './discovery.ts';
import { serveHealth } from './health.ts';
import { negotiate } from './negotiate.ts';
import { OpenApi } from './openapi.ts';
import { OpenApiV2, type OtherApis } from './openapi-v2.ts';
import { send } from './respond.ts';
import type { Route } from './route.ts';

/** What token holders need to check tokens of this cluster by themselves. */
export interface IssuerDiscovery {
  readonly issuer: string;
  jwks(): object;
  openIdConfiguration(jwksUri: string): object;
}

/** What other API servers serve. */
export interface Extensions extends OtherApis {
  /** Where a group-version stands among all, those of this server too. */
  priority(group: string, version: string): Priority;
  /** Resolves when servers that have just been registered have been asked. */
  settled(): Promise<void>;
}

export interface PagesOptions {
  readonly resources: ResourceIndex;
  readonly extensions?: Extensions | undefined;
  readonly checks: readonly HealthCheck[];
  readonly version: VersionInfo;
  readonly clock: Clock;
  readonly issuer?: IssuerDiscovery | undefined;
}

/** Everything that is served besides objects: discovery, OpenAPI, health, version, and the issuer's keys. */
export class Pages {
  private readonly options: PagesOptions;
  private readonly openapi: OpenApi;
  private readonly openapiV2: OpenApiV2;
  private readonly catalog: Catalog;
  private readonly documents: AggregatedDocuments;

  constructor(options: PagesOptions) {
    const { resources, extensions } = options;
    this.options = options;
    this.openapi = new OpenApi(resources, options.version.gitVersion);
    this.openapiV2 = new OpenApiV2({ resources, extensions, version: options.version.gitVersion, clock: options.clock });
    this.catalog = {
      resources, priority: (group, version) => extensions?.priority(group, version) ?? localPriority(group, version),
      get extensions() {
        return extensions?.versions ?? [];
      },
    };
    this.documents = new AggregatedDocuments(this.catalog);
    resources.onChange(() => this.documents.forget());
    extensions?.onChange(() => this.documents.forget());
  }

  /** @param address `host:port` of the server */
  async discover(request: IncomingMessage, response: ServerResponse, { group, version }: Extract<Route, { to: 'discovery' }>, address: string): Promise<void> {
    if (version !== undefined) return send(response, 200, apiResourceList(this.options.resources, group ?? '', version));
    if (group !== undefined && group !== '') return send(response, 200, apiGroup(this.catalog, group));
    const format = negotiate(request.headers.accept, ['discovery']);
    response.setHeader('Vary', 'Accept');
    if (format.as === 'discovery') return this.aggregated(request, response, group === '', format.version);
    return send(response, 200, group === '' ? apiVersions(address) : apiGroupList(this.catalog));
  }

  private async aggregated(request: IncomingMessage, response: ServerResponse, core: boolean, version: string): Promise<void> {
    if (!core) await this.options.extensions?.settled();
    const { bytes, etag } = this.documents.of(core, version);
    response.setHeader('ETag', etag);
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304);
      response.end();
      return;
    }
    response.writeHead(200, { 'Content-Type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`, 'Content-Length': bytes.length });
    response.end(bytes);
  }

  /** @throws {StatusError} NotFound */
  async serve(path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { checks, version, issuer } = this.options;
    if (serveHealth(path, query, checks, response)) return undefined;
    switch (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path) {
      case '/version': return send(response, 200, version);
      case '/openapi/v3': return send(response, 200, await this.openapi.index(this.catalog.extensions));
      case '/openapi/v2': return this.openapiV2.serve(request, response);
      case '/': return send(response, 200, { paths: this.paths() });
      case '/openid/v1/jwks': if (issuer) return send(response, 200, issuer.jwks(), 'json', 'application/jwk-set+json'); throw notServed();
      case '/.well-known/openid-configuration': if (issuer) return send(response, 200, issuer.openIdConfiguration(new URL('/openid/v1/jwks', issuer.issuer).href)); throw notServed();
      default: break;
    }
    if (path.startsWith('/openapi/v3/')) return this.openapiDocument(path.slice('/openapi/v3/'.length), query, request, response);
    throw notServed();
  }

  private paths(): string[] {
    const served = groupsOf(this.catalog).flatMap(({ group, versions }) =>
      (group === '' ? versions.map((version) => `/api/${version}`) : [`/apis/${group}`, ...versions.map((version) => `/apis/${group}/${version}`)]));
    const issuer = this.options.issuer ? ['/.well-known/openid-configuration', '/openid/v1/jwks'] : [];
    return ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version', ...issuer, ...served].sort();
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
