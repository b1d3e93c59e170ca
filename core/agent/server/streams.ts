import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '#core/api/status-error.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Container, ContainerStreams, StreamOptions } from '#core/spi/container-runtime.ts';
import { PlainError } from './plain-error.ts';
import type { PodDirectory } from './pod-directory.ts';
import type { ForwardTarget } from './port-forward/forward.ts';
import type { PodDialer } from './port-forward/pod-dialer.ts';
import { forwardOverSpdy, spdyForwardProtocols } from './port-forward/spdy.ts';
import { forwardOverTunnel, forwardOverWebSocket, isTunnel, portsOf } from './port-forward/websocket.ts';
import type { PortForwardRoute, TerminalRoute } from './route.ts';
import { spdyTerminal, spdyTerminalProtocols, type SpdyTerms } from './spdy/terminal.ts';
import { isSpdy, negotiate, offeredProtocols, spdyAnswer } from './spdy/upgrade.ts';
import type { TerminalChannels } from './terminal/channels.ts';
import { runTerminal, type TerminalProgram } from './terminal/session.ts';
import { isWebSocket } from './websocket/accept.ts';
import { webSocketTerminal } from './websocket/terminal.ts';

/** A request that asks to go on in another protocol. */
export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly query: URLSearchParams;
  /** Aborts when the client has left or the agent stops. */
  readonly signal: AbortSignal;
}

export interface StreamsParts {
  readonly directory: PodDirectory;
  readonly runtime: Pick<ContainerStreams, 'exec' | 'attach'>;
  readonly dialer: PodDialer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `exec`, `attach` and `portForward`, in SPDY and in WebSockets. */
export class Streams {
  readonly #parts: StreamsParts;
  readonly #terms: SpdyTerms;

  constructor(parts: StreamsParts, limits: { readonly idleMs: number; readonly creationMs: number }) {
    this.#parts = parts;
    this.#terms = { clock: parts.clock, logger: parts.logger, ...limits };
  }

  /** Resolves when it is over. @throws {PlainError} before it has begun */
  serve(route: TerminalRoute | PortForwardRoute, upgrade: UpgradeRequest): Promise<void> {
    return route.name === 'portForward' ? this.#portForward(route, upgrade) : this.#terminal(route, upgrade);
  }

  async #terminal(route: TerminalRoute, upgrade: UpgradeRequest): Promise<void> {
    const options = streamOptions(upgrade.query);
    const pod = this.#pod(route);
    const { id } = await this.#running(pod, route, upgrade.signal);
    const channels = await this.#terminalChannels(upgrade, options);
    if (channels === undefined) return;
    await runTerminal(channels, route.name === 'exec' ? this.#exec(id, options, upgrade) : this.#attach(id, options, pod, route.container), this.#parts.clock);
  }

  #exec(id: string, options: StreamOptions, { query }: UpgradeRequest): TerminalProgram {
    return {
      failure: 'error executing command in container', hasExitCode: true,
      open: (signal) => this.#parts.runtime.exec(id, query.getAll('command'), options, signal),
    };
  }

  /** Whether there is a terminal was decided when the container was made. */
  #attach(id: string, options: StreamOptions, { spec }: Pod, container: string): TerminalProgram {
    const { containers, initContainers = [], ephemeralContainers = [] } = spec;
    const { tty = false } = [...containers, ...initContainers, ...ephemeralContainers].find(({ name }) => name === container) ?? {};
    return {
      failure: 'error attaching to container', hasExitCode: false,
      open: (signal) => this.#parts.runtime.attach(id, { ...options, tty, stderr: options.stderr && !tty }, signal),
    };
  }

  async #terminalChannels({ request, socket, head }: UpgradeRequest, options: StreamOptions): Promise<TerminalChannels | undefined> {
    if (isWebSocket(request)) return webSocketTerminal(request, socket, head, options, this.#terms);
    const protocol = beginSpdy(request, socket, head, spdyTerminalProtocols);
    return spdyTerminal(socket, protocol, options, this.#terms);
  }

  async #portForward(route: PortForwardRoute, { request, socket, head, query, signal }: UpgradeRequest): Promise<void> {
    const overWebSocket = isWebSocket(request);
    const tunnelled = overWebSocket && isTunnel(request);
    const ports = overWebSocket && !tunnelled ? readPorts(query) : [];
    const pod = this.#pod(route);
    const target: ForwardTarget = { name: pod.metadata.name, uid: pod.metadata.uid ?? '', dial: (port) => this.#parts.dialer.dial(pod, port, signal) };
    if (tunnelled) return forwardOverTunnel(request, socket, head, target, this.#terms);
    if (overWebSocket) return forwardOverWebSocket(request, socket, head, { ports, target }, this.#terms);
    beginSpdy(request, socket, head, spdyForwardProtocols);
    return forwardOverSpdy(socket, target, this.#terms);
  }

  #pod({ namespace, pod: name, uid }: TerminalRoute | PortForwardRoute): Pod {
    const pod = this.#parts.directory.pod(namespace, name, uid);
    if (pod === undefined) throw new PlainError(404, 'pod does not exist');
    return pod;
  }

  async #running({ metadata }: Pod, { name, container }: TerminalRoute, signal: AbortSignal): Promise<Container> {
    const found = await this.#parts.directory.container(metadata.uid ?? '', container, { previous: false }, signal).catch((error: unknown) => {
      if (StatusError.is(error)) return undefined;
      throw error;
    });
    if (found?.state === 'Running') return found;
    throw new PlainError(500, name === 'exec' ? `container not found (${JSON.stringify(container)})` : `container ${container} not found in pod ${metadata.name}_${metadata.namespace ?? ''}`);
  }
}

/** @throws {PlainError} */
function streamOptions(query: URLSearchParams): StreamOptions {
  const [stdin, stdout, tty] = [query.get('input') === '1', query.get('output') === '1', query.get('tty') === '1'];
  // What a terminal shows has no second stream.
  const stderr = query.get('error') === '1' && !tty;
  if (!stdin && !stdout && !stderr) throw new PlainError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  return { stdin, stdout, stderr, tty };
}

function readPorts(query: URLSearchParams): readonly number[] {
  try {
    return portsOf(query);
  } catch (error) {
    throw new PlainError(400, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Agrees on a protocol and switches to it. @throws {PlainError} */
function beginSpdy(request: IncomingMessage, socket: Duplex, head: Buffer, ours: readonly string[]): string {
  if (!isSpdy(request)) throw new PlainError(400, `unable to upgrade: unsupported protocol ${JSON.stringify(request.headers.upgrade ?? '')}`);
  const offered = offeredProtocols(request);
  const protocol = negotiate(offered, ours);
  if (protocol === undefined) throw new PlainError(403, `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${ours.join(' ')}]`);
  socket.write(spdyAnswer(protocol));
  if (head.length > 0) socket.unshift(head);
  return protocol;
}
