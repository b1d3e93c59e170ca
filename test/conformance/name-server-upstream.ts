import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { decode, encode, type Answer, type DecodedPacket, type Packet } from 'dns-packet';
import type { Place } from './name-server-client.ts';

/** What a server has been asked. */
export interface Heard {
  readonly packet: Buffer;
  readonly query: DecodedPacket;
  readonly transport: 'udp' | 'tcp';
}

/** Packets to send back, in order; nothing for silence. */
export type Behaviour = (heard: Heard) => Buffer | readonly Buffer[] | undefined | Promise<Buffer | readonly Buffer[] | undefined>;

/** A name server elsewhere that does what a test says. It hears by UDP and TCP, and writes down what. */
export class FakeUpstream {
  readonly heard: Heard[] = [];
  behaviour: Behaviour = (heard) => answerTo(heard, []);
  readonly #udp: Socket = createSocket('udp4');
  readonly #tcp: Server = createServer((socket) => this.#accept(socket));
  readonly #open = new Set<TcpSocket>();
  #port = 0;

  static async start(): Promise<FakeUpstream> {
    for (let attempt = 1; ; attempt++) {
      const upstream = new FakeUpstream();
      try {
        await upstream.#start();
        return upstream;
      } catch (error) {
        // The port that is free for one transport may be taken for the other.
        upstream.#udp.close();
        if (attempt === 20) throw error;
      }
    }
  }

  get place(): Place {
    return { address: '127.0.0.1', port: this.#port };
  }

  get text(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The names it was asked for, in lower case, without those by which servers look for loops. */
  get names(): string[] {
    return this.heard.filter(({ query }) => query.questions?.[0]?.type !== 'HINFO').map(({ query }) => query.questions?.[0]?.name.toLowerCase() ?? '');
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await Promise.all([new Promise<void>((resolve) => this.#udp.close(() => resolve())), new Promise<void>((resolve) => this.#tcp.close(() => resolve()))]);
  }

  async #start(): Promise<void> {
    await new Promise<void>((resolve) => this.#udp.bind(0, '127.0.0.1', resolve));
    this.#port = this.#udp.address().port;
    await new Promise<void>((resolve, reject) => this.#tcp.once('error', reject).listen(this.#port, '127.0.0.1', resolve));
    this.#udp.on('message', (packet, { port, address }) => void this.#react(packet, 'udp', (answer) => this.#udp.send(answer, port, address)));
  }

  #accept(socket: TcpSocket): void {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket)).on('error', () => undefined);
    socket.on('data', (data) => void this.#react(data.subarray(2), 'tcp', (answer) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    }));
  }

  async #react(packet: Buffer, transport: 'udp' | 'tcp', send: (answer: Buffer) => void): Promise<void> {
    const heard = { packet: Buffer.from(packet), query: decode(packet), transport };
    this.heard.push(heard);
    const answers = await this.behaviour(heard);
    for (const answer of answers === undefined ? [] : Buffer.isBuffer(answers) ? [answers] : answers) send(answer);
  }
}

/** A right answer with these records; the code and flags are in `flags`. */
export const answerTo = ({ query }: Heard, answers: Answer[], rest: Partial<Packet> = {}): Buffer =>
  encode({ type: 'response', id: query.id ?? 0, flags: 0x0180, questions: query.questions ?? [], answers, ...rest });

/** An address of the name that was asked for. */
export const addressOf = ({ query }: Heard, address: string, ttl = 60): Answer => ({ type: 'A', name: query.questions?.[0]?.name ?? '', ttl, data: address });
