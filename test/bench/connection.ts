import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { ClusterConnection } from '#core/client/cluster-connection.ts';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('\r\n0\r\n\r\n');

/**
 * One connection that is kept, with one HTTP/1.1 request after the other. It costs the load generator, which shares the processors with what it
 * measures, a third of what node:https does.
 */
export class Connection {
  readonly #socket: TLSSocket;
  readonly #host: string;
  #received: Buffer[] = [];
  #length = 0;
  /** Where the body begins; 0 as long as the head is not complete. */
  #bodyAt = 0;
  /** Undefined for a body in chunks. */
  #size: number | undefined;
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: TLSSocket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed before the answer')));
  }

  static async open({ server, ca, cert, key }: ClusterConnection): Promise<Connection> {
    const { hostname, port, host } = new URL(server);
    const socket = connect({ host: hostname, port: Number(port), ca, cert, key, ALPNProtocols: ['http/1.1'] });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    return new Connection(socket, host);
  }

  send(method: string, path: string, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#write(method, path, body);
    });
  }

  /** The rest of this connection is one answer without an end: `each` gets its bytes as they come, those that frame its chunks included. */
  async stream(path: string, each: (bytes: Buffer) => void): Promise<void> {
    this.#socket.removeAllListeners('data');
    this.#write('GET', path, '');
    const [first] = (await once(this.#socket, 'data')) as [Buffer];
    const status = statusOf(first);
    if (status !== 200) throw new Error(`GET ${path}: ${status}`);
    each(first);
    this.#socket.on('data', each);
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #write(method: string, path: string, body: string): void {
    const type = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nAccept: application/json\r\n${type}\r\n${body}`);
  }

  #receive(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#length += bytes.length;
    if (this.#bodyAt === 0) this.#readHead();
    if (this.#bodyAt === 0 || !this.#isComplete()) return;
    const all = Buffer.concat(this.#received);
    const body = all.subarray(this.#bodyAt);
    const answer = { status: statusOf(all), body: this.#size === undefined ? withoutFrames(body) : body };
    const waiting = this.#waiting;
    [this.#received, this.#length, this.#bodyAt, this.#size, this.#waiting] = [[], 0, 0, undefined, undefined];
    waiting?.resolve(answer);
  }

  #readHead(): void {
    const all = Buffer.concat(this.#received);
    this.#received = [all];
    const end = all.indexOf(headEnd);
    if (end < 0) return;
    this.#bodyAt = end + headEnd.length;
    const size = /content-length: (\d+)/i.exec(all.toString('latin1', 0, end))?.[1];
    this.#size = size === undefined ? undefined : Number(size);
  }

  #isComplete(): boolean {
    if (this.#size !== undefined) return this.#length >= this.#bodyAt + this.#size;
    // The end may come in pieces.
    const tail = Buffer.concat(this.#received.slice(-lastChunk.length).map((bytes) => bytes.subarray(-lastChunk.length)));
    return tail.subarray(-lastChunk.length).equals(lastChunk);
  }
}

/** `HTTP/1.1 200 OK` */
const statusOf = (bytes: Buffer): number => Number(bytes.toString('latin1', 9, 12));

function withoutFrames(chunked: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = chunked.indexOf('\r\n', at);
    const size = Number.parseInt(chunked.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(chunked.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
