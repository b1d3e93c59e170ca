import { connect, createServer, type Server, type Socket } from 'node:net';
import { canonicalIp, parseIp } from '#core/api/ip.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ProxyEndpoint } from '#core/spi/service-proxy.ts';
import { EndpointChooser } from './endpoint-chooser.ts';
import type { Front } from './front.ts';

export interface ForwarderLimits {
  /** Milliseconds in which nothing is sent either way before a connection is given up. */
  readonly idleMs: number;
  /** Milliseconds without a word after which a client of UDP is forgotten. */
  readonly udpIdleMs: number;
  /** Milliseconds to wait for an endpoint to take a connection. */
  readonly connectMs: number;
  /** Connections at once of one address and port. */
  readonly mostConnections: number;
  /** Clients at once of one address and port of UDP. */
  readonly mostClients: number;
}

/** What waits for clients at one address and port. */
export interface Forwarder {
  update(front: Front): void;
  /** Takes no more clients. Those that are there stay, unless `drop`. */
  close(drop: boolean): Promise<void>;
}

/** Another endpoint is tried so often when one does not answer. */
const mostAttempts = 5;

export class TcpForwarder implements Forwarder {
  readonly #limits: ForwarderLimits;
  readonly #chooser: EndpointChooser;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #front: Front;

  private constructor(front: Front, limits: ForwarderLimits, clock: Clock) {
    this.#limits = limits;
    this.#chooser = new EndpointChooser(clock);
    this.#front = front;
    this.update(front);
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => void this.#serve(client));
    this.#server.maxConnections = limits.mostConnections;
  }

  /** @throws what the system says, such as EADDRNOTAVAIL */
  static open(front: Front, limits: ForwarderLimits, clock: Clock): Promise<TcpForwarder> {
    const forwarder = new TcpForwarder(front, limits, clock);
    return new Promise((resolve, reject) => {
      forwarder.#server.once('error', reject);
      forwarder.#server.listen({ host: front.address, port: front.port, exclusive: true }, () => {
        forwarder.#server.off('error', reject);
        forwarder.#server.on('error', () => undefined);
        resolve(forwarder);
      });
    });
  }

  update(front: Front): void {
    this.#front = front;
    this.#chooser.update(front.endpoints, front.affinitySeconds);
  }

  close(drop: boolean): Promise<void> {
    if (drop) for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      // The listening socket is closed already; only the connections that live on would be waited for.
      if (!drop) resolve();
    });
  }

  async #serve(client: Socket): Promise<void> {
    this.#track(client);
    const from = client.remoteAddress ?? '';
    const server = isAllowed(this.#front, from) ? await this.#connect(from, client) : undefined;
    if (server === undefined || client.destroyed) {
      server?.destroy();
      client.resetAndDestroy();
      return;
    }
    for (const [one, other] of [[client, server], [server, client]] as const) {
      one.setTimeout(this.#limits.idleMs, () => one.destroy());
      one.on('close', () => other.destroy());
      // It ends the other's side when this one has nothing more to say, and nothing else.
      one.pipe(other);
    }
  }

  async #connect(from: string, client: Socket): Promise<Socket | undefined> {
    for (let attempt = 0; attempt < Math.min(mostAttempts, this.#chooser.size) && !client.destroyed; attempt++) {
      const endpoint = this.#chooser.choose(from);
      if (endpoint === undefined) return undefined;
      const server = await this.#try(endpoint);
      if (server !== undefined) return server;
      this.#chooser.forget(from);
    }
    return undefined;
  }

  #try({ address, port }: ProxyEndpoint): Promise<Socket | undefined> {
    const server = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    this.#track(server);
    return new Promise((resolve) => {
      server.setTimeout(this.#limits.connectMs, () => server.destroy());
      server.once('connect', () => {
        server.setTimeout(0);
        server.removeAllListeners('timeout');
        resolve(server);
      });
      server.once('close', () => resolve(undefined));
    });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** @param client as the system tells it: an IPv4 client of an IPv6 socket comes as `::ffff:10.0.0.1` */
export function isAllowed({ ranges }: Front, client: string): boolean {
  if (ranges === undefined) return true;
  const address = parseIp(canonicalIp(client.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')));
  return address !== undefined && ranges.some((range) => range.contains(address));
}
