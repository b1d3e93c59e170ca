import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Clock } from '#core/kernel/clock.ts';
import type { Clients } from './clients.ts';
import type { Endpoint } from './exchange.ts';
import type { Responder } from './responder.ts';
import { FrameReader, frame } from './tcp-frames.ts';

export interface TcpLimits {
  readonly connections: number;
  /** Milliseconds without a byte. */
  readonly idleMs: number;
  /** Questions of one connection that are not answered yet; more are not read. */
  readonly pipelined: number;
}

export const tcpLimits: TcpLimits = { connections: 256, idleMs: 10_000, pipelined: 64 };

/** A query has one question; longer ones have no business here. */
const longestQuery = 4096;
/** Bytes that a client has not taken. */
const mostUnsent = 256 * 1024;

/** Takes questions by TCP at one address, many on one connection; answers come in the order in which they are known. https://www.rfc-editor.org/rfc/rfc7766 */
export class TcpListener {
  readonly #responder: Responder;
  readonly #clients: Clients;
  readonly #clock: Clock;
  readonly #limits: TcpLimits;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  constructor({ responder, clients, clock, limits = tcpLimits }: { readonly responder: Responder; readonly clients: Clients; readonly clock: Clock; readonly limits?: TcpLimits }) {
    this.#responder = responder;
    this.#clients = clients;
    this.#clock = clock;
    this.#limits = limits;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Resolves to the port. Rejects with the system's error. */
  async listen({ address, port }: Endpoint): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ port, host: address, ipv6Only: isIPv6(address) }, resolve);
    await promise;
    this.#server.off('error', reject);
    this.#server.on('error', () => undefined);
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : port;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    // The one that was quiet for longest makes room.
    for (const oldest of this.#open) if (this.#open.size >= this.#limits.connections) this.#drop(oldest);
    this.#open.add(socket);
    const connection = new Connection(socket, { limits: this.#limits, clock: this.#clock, reply: (packet) => this.#responder.reply(packet, 'tcp', this.#clients.mayAsk(socket.remoteAddress ?? '')) });
    socket.on('data', (chunk: Buffer) => {
      this.#open.delete(socket);
      this.#open.add(socket);
      connection.take(chunk);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#open.delete(socket);
      connection.end();
    });
  }

  #drop(socket: Socket): void {
    this.#open.delete(socket);
    socket.destroy();
  }
}

interface ConnectionOptions {
  readonly limits: TcpLimits;
  readonly clock: Clock;
  readonly reply: (packet: Buffer) => Buffer | Promise<Buffer> | undefined;
}

/** One client. */
class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #frames = new FrameReader();
  readonly #waiting: Buffer[] = [];
  #answering = 0;
  #cancel = (): void => undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('drain', () => this.#goOn());
    this.#watchIdle();
  }

  take(chunk: Buffer): void {
    this.#watchIdle();
    this.#waiting.push(...this.#frames.push(chunk));
    if (this.#frames.pending > longestQuery || this.#waiting.some(({ length }) => length > longestQuery)) this.#socket.destroy();
    else this.#goOn();
  }

  end(): void {
    this.#cancel();
    this.#waiting.length = 0;
  }

  get #isBusy(): boolean {
    return this.#answering >= this.#options.limits.pipelined || this.#socket.writableLength > mostUnsent;
  }

  #goOn(): void {
    while (!this.#isBusy && !this.#socket.destroyed) {
      const packet = this.#waiting.shift();
      if (packet === undefined) break;
      this.#answer(packet);
    }
    if (this.#isBusy) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #answer(packet: Buffer): void {
    const reply = this.#options.reply(packet);
    // What is no question is no client's.
    if (reply === undefined) this.#socket.destroy();
    else if (Buffer.isBuffer(reply)) this.#socket.write(frame(reply));
    else this.#answerLater(reply);
  }

  #answerLater(reply: Promise<Buffer>): void {
    this.#answering++;
    void reply.then((late) => {
      this.#answering--;
      if (this.#socket.destroyed) return;
      this.#socket.write(frame(late));
      this.#watchIdle();
      this.#goOn();
    });
  }

  /** A client that reads nothing of what it asked for is idle too. */
  #watchIdle(): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(this.#options.limits.idleMs, () => {
      if (this.#answering === 0) this.#socket.destroy();
      else this.#watchIdle();
    });
  }
}
