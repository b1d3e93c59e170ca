import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ContainerStreams, RuntimeMonitor } from '#core/spi/container-runtime.ts';
import type { AgentAuth } from './access/agent-auth.ts';
import { Gate } from './access/gate.ts';
import { accessOf } from './access/node-access.ts';
import { ContainerLogs } from './logs/container-logs.ts';
import { logQuery } from './logs/log-query.ts';
import { Pages } from './pages.ts';
import { PlainError } from './plain-error.ts';
import type { PodDirectory } from './pod-directory.ts';
import { PodDialer } from './port-forward/pod-dialer.ts';
import { answerOnSocket } from './refusal.ts';
import { locate, routeOf, type Route } from './route.ts';
import { limitsOf, type ServerLimits } from './settings.ts';
import type { NodeSummary } from './stats/node-figures.ts';
import { Streams } from './streams.ts';

/** Besides those of sessions: requests, and connections that are kept for others. */
const spareConnections = 1000;

/** PEM texts. */
export interface ServingTls {
  readonly cert: string;
  readonly key: string;
  /** Signs the certificates of clients: the cluster's. */
  readonly clientCa: string;
}

export interface AgentServerOptions {
  readonly directory: PodDirectory;
  readonly runtime: ContainerStreams & RuntimeMonitor;
  /** Asked for every new connection; another object than the last time is another certificate. */
  readonly tls: () => ServingTls;
  readonly auth: AgentAuth;
  readonly host: string;
  /** 10250 on most nodes; 0 takes any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeSummary: NodeSummary;
  /** What is wrong with the pods' side of the agent, for `/healthz/syncloop`; undefined when nothing is. */
  readonly syncLoop?: () => string | undefined;
  readonly limits?: ServerLimits;
}

/** What a node does for those who ask it: logs, commands, ports and figures of its pods, over HTTPS, at the paths of upstream's node agent. */
export class AgentServer implements Component {
  readonly name = 'agent-server';
  readonly #options: AgentServerOptions;
  readonly #limits: Required<ServerLimits>;
  readonly #gate: Gate;
  readonly #logs: ContainerLogs;
  readonly #streams: Streams;
  readonly #pages: Pages;
  readonly #dialer: PodDialer;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<Promise<void>>();
  #server: Server | undefined;
  #tls: ServingTls | undefined;

  constructor(options: AgentServerOptions) {
    const { directory, runtime, clock, logger, auth, nodeSummary, syncLoop = () => undefined, limits = {} } = options;
    this.#options = options;
    this.#limits = limitsOf(limits);
    this.#gate = new Gate(auth, logger);
    this.#logs = new ContainerLogs(directory, runtime, clock);
    this.#dialer = new PodDialer(directory, clock, logger);
    this.#streams = new Streams({ directory, runtime, dialer: this.#dialer, clock, logger }, this.#limits);
    this.#pages = new Pages({ directory, runtime, nodeSummary, logger, syncLoop, sessions: () => this.#sessions.size });
  }

  /** The port on which it listens, once started: for `status.daemonEndpoints.kubeletEndpoint`. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the agent\'s server is not started');
    return address.port;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { tls, host, port, logger } = this.#options;
    this.#tls = tls();
    const server = createServer({
      ...contextOf(this.#tls), requestCert: true, rejectUnauthorized: false,
      // As at the API server: whoever keeps connections closes them first.
      keepAliveTimeout: 180_000, headersTimeout: 20_000, requestTimeout: 0, handshakeTimeout: 10_000, noDelay: true, maxHeaderSize: 1024 * 1024,
    });
    this.#server = server;
    server.maxConnections = this.#limits.sessions + spareConnections;
    server.prependListener('connection', (socket: Socket) => {
      this.#renewCertificate();
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()));
    server.on('clientError', (_error, socket) => answerOnSocket(socket, 400, 'the request is not HTTP'));
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => logger.error('the listener failed', { error }));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await Promise.allSettled(this.#sessions);
    await this.#dialer.stop();
  }

  #renewCertificate(): void {
    try {
      const tls = this.#options.tls();
      if (tls === this.#tls) return;
      this.#server?.setSecureContext(contextOf(tls));
      this.#tls = tls;
    } catch (error) {
      this.#options.logger.error('the new serving certificate cannot be used; the one before is still shown', { error });
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const gone = this.#goneWith(response);
    try {
      const { path, query } = locate(request.url ?? '/');
      const route = routeOf(path);
      await this.#gate.check(request, accessOf(request.method ?? '', route), gone);
      await this.#answer(route, query, request, response, gone);
    } catch (error) {
      const { code, message } = this.#refusalOf(error, request);
      if (response.headersSent) response.destroy();
      else response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8' }).end(message);
    }
  }

  async #answer(route: Route, query: URLSearchParams, { method = '' }: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
    if (route.name === 'page') return this.#pages.show(method, route.path, response, gone);
    if (route.name !== 'containerLogs') throw new PlainError(400, 'Upgrade request required');
    if (method !== 'GET') {
      response.setHeader('Allow', 'GET');
      throw new PlainError(405, 'Method Not Allowed');
    }
    const wanted = logQuery(query, this.#options.clock.now());
    return this.#session(() => this.#logs.write(route, wanted, response, gone));
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const gone = this.#goneWith(socket);
    try {
      const { path, query } = locate(request.url ?? '/');
      const route = routeOf(path);
      await this.#gate.check(request, accessOf(request.method ?? '', route), gone);
      if (route.name === 'page' || route.name === 'containerLogs') throw new PlainError(400, 'nothing here goes on in another protocol');
      keepAlive(socket);
      await this.#session(() => this.#streams.serve(route, { request, socket, head, query, signal: gone }));
    } catch (error) {
      const { code, message } = this.#refusalOf(error, request);
      answerOnSocket(socket, code, message);
    }
  }

  async #session(run: () => Promise<void>): Promise<void> {
    if (this.#sessions.size >= this.#limits.sessions) throw new PlainError(503, `${this.#limits.sessions} logs, commands and the like are under way, which is the most`);
    const session = run();
    this.#sessions.add(session);
    await session.finally(() => this.#sessions.delete(session));
  }

  #goneWith(stream: Duplex | ServerResponse): AbortSignal {
    const gone = new AbortController();
    stream.once('close', () => gone.abort());
    return gone.signal;
  }

  #refusalOf(error: unknown, { url }: IncomingMessage): PlainError {
    if (error instanceof PlainError) return error;
    this.#options.logger.warn('a request failed', { error, path: url?.split('?')[0] });
    return new PlainError(500, error instanceof Error ? error.message : String(error));
  }
}

const contextOf = ({ cert, key, clientCa }: ServingTls): { cert: string; key: string; ca: string } => ({ cert, key, ca: clientCa });

/** A peer that vanished says nothing. */
function keepAlive(socket: Duplex): void {
  const { setKeepAlive, setNoDelay, setTimeout: limit } = socket as Partial<Socket>;
  limit?.call(socket, 0);
  setKeepAlive?.call(socket, true, 30_000);
  setNoDelay?.call(socket, true);
}
