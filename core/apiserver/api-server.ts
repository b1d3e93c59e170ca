import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ComponentStatus } from '#core/api/schema/core-v1/component-status.ts';
import { parseIp } from '#core/api/ip.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Authenticator } from '#core/authn/authenticator.ts';
import type { ServiceAccountKeys } from '#core/authn/service-account/keys.ts';
import type { Authorizer } from '#core/authz/authorizer.ts';
import type { HealthCheck } from '#core/kernel/health-check.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { token } from '#core/kernel/token.ts';
import type { Client } from '#core/client/client.ts';
import type { ActionIndex } from './actions/action.ts';
import type { Aggregation } from './aggregation/aggregation.ts';
import type { Api } from './api.ts';
import type { Outbound } from './assembly.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { FileSink } from './audit/file-sink.ts';
import type { AuditPolicy } from './audit/policy.ts';
import { componentStatuses } from './component-statuses.ts';
import { Access } from './http/access.ts';
import { Destinations } from './http/destination.ts';
import { Frontend } from './http/frontend.ts';
import { Pages, type IssuerDiscovery } from './http/pages.ts';
import { ConnectionGuard } from './limits/connection-guard.ts';
import type { Advertised } from './kubernetes-service/advertised.ts';
import { flowKeeper } from './limits/flow-keeper.ts';
import { limitsOf, type LimitOptions } from './limits/limits.ts';
import type { ConnectorIndex } from './proxy/connector.ts';
import type { VersionInfo } from './version-info.ts';

export interface ApiServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /**
   * The address by which nodes and pods reach it, in the endpoints of the service `kubernetes`. `host` by default; none while that is
   * of the loopback interface, or every address.
   */
  readonly advertise?: string;
  /** Of the default ServiceCIDR; see `AssemblyOptions`. */
  readonly serviceCidrs?: readonly string[];
  /** PEM texts; `ca` signs client certificates. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly version: VersionInfo;
  readonly authentication: AuthenticationOptions;
  readonly audit?: { readonly policy: AuditPolicy; readonly sink: FileSink };
  readonly limits?: LimitOptions;
  /** How the server meets those to whom it hands requests on. */
  readonly outbound?: Outbound;
}

export interface AuthenticationOptions {
  /** Signs the tokens of service accounts. */
  readonly accountKeys: ServiceAccountKeys;
  /** `iss` of those tokens; `https://kubernetes.default.svc.cluster.local` by default. */
  readonly issuer?: string;
  /** Text of a file of static tokens: lines of `token,user,uid,"group1,group2"`. */
  readonly staticTokens?: string;
}

/** What the server is made of besides the API. */
export interface ApiServerParts {
  readonly actions: ActionIndex;
  /** In the name of the server itself, for the objects that it keeps. */
  readonly client: Client;
  readonly aggregation: Aggregation;
  readonly connectors: ConnectorIndex;
  /** What runs beside the server, for as long as it does. */
  readonly companions: readonly Component[];
  readonly advertised: Advertised;
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  readonly checks: readonly HealthCheck[];
  readonly audit?: AuditLog | undefined;
  /** Whose keys are published. */
  readonly issuer?: IssuerDiscovery | undefined;
}

/** The Kubernetes REST protocol over HTTPS. Knows HTTP; the verbs know objects. */
export class ApiServer implements Component {
  readonly name = 'api-server';
  private readonly logger: Logger;
  private readonly options: Omit<ApiServerOptions, 'authentication' | 'audit'>;
  private readonly frontend: Frontend;
  private readonly stopping = new AbortController();
  private readonly sockets = new Set<Socket>();
  private readonly guard: ConnectionGuard;
  private readonly companions: readonly Component[];
  private readonly advertised: Advertised;
  private readonly more: Server[] = [];
  private server: Server | undefined;

  constructor(api: Api, parts: ApiServerParts, options: Omit<ApiServerOptions, 'authentication' | 'audit'>) {
    this.logger = api.logger;
    this.options = options;
    // Each watch listens for the end of the server.
    setMaxListeners(0, this.stopping.signal);
    const { actions, client, aggregation, connectors, companions } = parts;
    const { objects, clock, logger, resources } = api;
    const { limits = {}, version, tls } = options;
    this.guard = new ConnectionGuard({ clock, perAddress: limits.connectionsPerAddress ?? 10_000, stallMs: limits.stallMs ?? 60_000 });
    this.advertised = parts.advertised;
    this.companions = [...companions, flowKeeper({ objects, client, clock, logger }), ...aggregation.companions(resources, client, tls.ca)];
    this.frontend = new Frontend({
      api: { ...api, observed: { [ComponentStatus.plural]: componentStatuses(parts.checks, objects, clock) } }, actions, access: new Access(parts.authenticators, parts.authorizer), audit: parts.audit, limits: limitsOf(objects, clock, limits), guard: this.guard,
      aggregator: aggregation.aggregator, destinations: new Destinations({ resources, connectors, services: aggregation.services }),
      pages: new Pages({ resources, extensions: aggregation.extensions, checks: parts.checks, version, clock, issuer: parts.issuer }),
      address: () => new URL(this.url).host, stopping: this.stopping.signal,
    });
  }

  /** Where clients reach it, once started: `https://127.0.0.1:6443`. */
  get url(): string {
    const address = this.server?.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the API server is not started');
    const host = this.options.host === '0.0.0.0' || this.options.host === '::' ? '127.0.0.1' : this.options.host;
    return `https://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.server = await this.listen(this.options.port, this.options.host);
    const { advertise = this.options.host } = this.options;
    if (isReachable(advertise)) this.advertise(advertise);
    for (const companion of this.companions) await companion.start(signal);
  }

  /** Listens on one more address of this machine too, at the same port, and tells nodes and pods to come there. */
  async serveAt(ip: string): Promise<void> {
    const { host } = this.options;
    if (host !== ip && host !== '0.0.0.0' && host !== '::') this.more.push(await this.listen(this.port, ip));
    // What an administrator says that others reach is for those on other computers too.
    if (this.options.advertise === undefined && !isReachable(host)) this.advertise(ip);
  }

  private get port(): number {
    return Number(new URL(this.url).port || 443);
  }

  private advertise(ip: string): void {
    this.advertised.set({ ip, port: this.port });
  }

  private async listen(port: number, host: string): Promise<Server> {
    const { ca, cert, key } = this.options.tls;
    const server = createServer({
      ca, cert, key, requestCert: true, rejectUnauthorized: false,
      // Clients of the Go library keep idle connections for 90 s; closing first would fail their next request.
      keepAliveTimeout: 180_000, headersTimeout: 20_000, connectionsCheckingInterval: 5000, noDelay: true,
      // Bodies have limits of their own; what is sent through to a pod may take its time.
      requestTimeout: 0, handshakeTimeout: this.options.limits?.handshakeMs ?? 10_000,
      // Selectors travel in the URL. Go servers take as much.
      maxHeaderSize: 1024 * 1024,
      shouldUpgradeCallback: (request) => this.frontend.upgrades(request),
    });
    server.on('request', (request, response) => void this.frontend.serve(request, response));
    server.on('upgrade', (request, socket, head) => void this.frontend.upgrade(request, socket, head));
    this.guard.attach(server);
    server.on('clientError', refuseMalformed);
    // Without a handshake there is no way to tell the peer what is wrong.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    // Also those that never come to an end with their handshake.
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.logger.error('the listener failed', { error }));
    return server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.guard.stop();
    await Promise.all(this.companions.map((companion) => companion.stop()));
    this.stopping.abort();
    const closed = Promise.all([server, ...this.more].map((one) => new Promise<void>((resolve) => {
      one.close(() => resolve());
      one.closeIdleConnections();
    })));
    // What is being answered may end; what holds on is cut.
    const cut = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, 1500);
    await closed;
    clearTimeout(cut);
  }
}
export const ApiServerOptions = token<ApiServerOptions>('ApiServerOptions');

/** From other machines, and from pods. */
const isReachable = (host: string): boolean => {
  const address = parseIp(host);
  return address !== undefined && address.value !== 0n && !(address.family === 'IPv4' ? host.startsWith('127.') : address.value === 1n);
};

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
