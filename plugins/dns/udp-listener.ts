import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Logger } from '#core/kernel/logger.ts';
import type { Endpoint } from './exchange.ts';
import type { Clients } from './clients.ts';
import type { Responder } from './responder.ts';

/** Bytes that the kernel holds for a process that is busy. */
const receiveBuffer = 1 << 20;

/** Takes questions by UDP at one address. */
export class UdpListener {
  readonly #responder: Responder;
  readonly #clients: Clients;
  readonly #logger: Logger;
  #socket: Socket | undefined;

  constructor({ responder, clients, logger }: { readonly responder: Responder; readonly clients: Clients; readonly logger: Logger }) {
    this.#responder = responder;
    this.#clients = clients;
    this.#logger = logger;
  }

  /** Resolves to the port, which the system chooses for 0. Rejects with the system's error. */
  async listen({ address, port }: Endpoint): Promise<number> {
    const six = isIPv6(address);
    // Addresses of clients need no looking up.
    const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six, lookup: (host, _options, done) => done(null, host, six ? 6 : 4) });
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('error', reject);
    socket.bind(port, address, resolve);
    await promise;
    socket.off('error', reject);
    socket.on('error', (error) => this.#logger.debug('an answer could not be sent', { error }));
    socket.on('message', (packet, client) => this.#take(socket, packet, client));
    // The kernel gives what it has, without a word.
    socket.setRecvBufferSize(receiveBuffer);
    return socket.address().port;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #take(socket: Socket, packet: Buffer, client: RemoteInfo): void {
    if (client.port === 0) return;
    const reply = this.#responder.reply(packet, 'udp', this.#clients.mayAsk(client.address));
    if (reply === undefined) return;
    if (Buffer.isBuffer(reply)) socket.send(reply, client.port, client.address);
    else void reply.then((late) => this.#socket?.send(late, client.port, client.address));
  }
}
