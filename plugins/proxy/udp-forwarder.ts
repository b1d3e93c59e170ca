import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { canonicalIp } from '#core/api/ip.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ProxyEndpoint } from '#core/spi/service-proxy.ts';
import { EndpointChooser } from './endpoint-chooser.ts';
import type { Front } from './front.ts';
import { isAllowed, type Forwarder, type ForwarderLimits } from './tcp-forwarder.ts';

/** One client, and the socket by which its endpoint knows it. */
interface Session {
  readonly endpoint: ProxyEndpoint;
  readonly socket: Socket;
  lastUsed: number;
}

/** Bytes that may wait to be sent; more are lost, as UDP loses what is too much. */
const mostQueued = 1024 * 1024;

const typeOf = (address: string): 'udp4' | 'udp6' => (address.includes(':') ? 'udp6' : 'udp4');

export class UdpForwarder implements Forwarder {
  readonly #limits: ForwarderLimits;
  readonly #clock: Clock;
  readonly #chooser: EndpointChooser;
  readonly #socket: Socket;
  /** By client; who has been silent longest comes first. */
  readonly #sessions = new Map<string, Session>();
  #front: Front;
  #cancelSweep: () => void = () => undefined;

  private constructor(front: Front, limits: ForwarderLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#chooser = new EndpointChooser(clock);
    this.#front = front;
    this.update(front);
    this.#socket = createSocket({ type: typeOf(front.address) });
    this.#socket.on('message', (bytes, from) => this.#receive(bytes, from));
  }

  /** @throws what the system says, such as EADDRNOTAVAIL */
  static open(front: Front, limits: ForwarderLimits, clock: Clock): Promise<UdpForwarder> {
    const forwarder = new UdpForwarder(front, limits, clock);
    return new Promise((resolve, reject) => {
      forwarder.#socket.once('error', reject);
      forwarder.#socket.bind({ address: front.address, port: front.port, exclusive: true }, () => {
        forwarder.#socket.off('error', reject);
        forwarder.#socket.on('error', () => undefined);
        forwarder.#sweepLater();
        resolve(forwarder);
      });
    });
  }

  update(front: Front): void {
    this.#front = front;
    this.#chooser.update(front.endpoints, front.affinitySeconds);
    for (const [client, { endpoint }] of this.#sessions) if (!this.#chooser.has(endpoint)) this.#end(client);
  }

  close(): Promise<void> {
    this.#cancelSweep();
    for (const client of this.#sessions.keys()) this.#end(client);
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    if (!isAllowed(this.#front, from.address)) return;
    const client = `${from.address} ${from.port}`;
    const session = this.#sessions.get(client) ?? this.#begin(client, from);
    if (session === undefined) return;
    this.#use(client, session);
    if (session.socket.getSendQueueSize() > mostQueued) return;
    session.socket.send(bytes, session.endpoint.port, session.endpoint.address);
  }

  #begin(client: string, from: RemoteInfo): Session | undefined {
    const endpoint = this.#chooser.choose(from.address);
    if (endpoint === undefined) return undefined;
    const socket = createSocket(typeOf(endpoint.address));
    const session: Session = { endpoint, socket, lastUsed: this.#clock.now() };
    // A refusal by the endpoint's machine is nothing that UDP could pass on.
    socket.on('error', () => undefined);
    socket.on('message', (answer, { address, port }) => {
      if (port !== endpoint.port || canonicalIp(address) !== endpoint.address || this.#socket.getSendQueueSize() > mostQueued) return;
      this.#use(client, session);
      this.#socket.send(answer, from.port, from.address);
    });
    const [silent] = this.#sessions.keys();
    if (this.#sessions.size >= this.#limits.mostClients && silent !== undefined) this.#end(silent);
    return session;
  }

  #use(client: string, session: Session): void {
    session.lastUsed = this.#clock.now();
    this.#sessions.delete(client);
    this.#sessions.set(client, session);
  }

  #end(client: string): void {
    this.#sessions.get(client)?.socket.close();
    this.#sessions.delete(client);
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.after(this.#limits.udpIdleMs / 2, () => {
      const limit = this.#clock.now() - this.#limits.udpIdleMs;
      for (const [client, { lastUsed }] of this.#sessions) {
        if (lastUsed > limit) break;
        this.#end(client);
      }
      this.#sweepLater();
    });
  }
}
