import type { IncomingMessage } from 'node:http';
import { Readable, Writable, type Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '#core/kernel/clock.ts';
import { lastWordsMs } from '#core/agent/server/terminal/channels.ts';
import { acceptWebSocket, type Accepted } from './accept.ts';

/** Channels of protocol v5 on which is said that another channel is over. */
const closeChannel = 255;
const askAfterMs = 5000;

export interface WebSocketTerms {
  readonly clock: Clock;
  readonly idleMs: number;
}

/**
 * Several streams in the messages of one WebSocket: the first byte is the channel's number. With `base64` in the protocol's name messages are text:
 * a digit and what is sent in base64.
 */
export class WebSocketChannels {
  /** As it was agreed; '' when the client named none. */
  readonly protocol: string;
  /** Aborts when the client has left, or was silent for too long. */
  readonly gone: AbortSignal;
  readonly #client: WebSocket;
  readonly #clock: Clock;
  readonly #isText: boolean;
  readonly #readers = new Map<number, Readable>();
  #lastMessageAt: number;
  #stopWaiting: () => void = () => undefined;
  #stopAsking: () => void = () => undefined;

  private constructor({ client, protocol }: Accepted, { clock, idleMs }: WebSocketTerms) {
    this.#client = client;
    this.#clock = clock;
    this.protocol = protocol;
    this.#isText = protocol.includes('base64');
    this.#lastMessageAt = clock.now();
    const gone = new AbortController();
    this.gone = gone.signal;
    const heard = (): void => {
      this.#lastMessageAt = clock.now();
    };
    client.on('ping', heard).on('pong', heard).on('error', () => client.terminate());
    client.on('message', (data: Buffer) => {
      heard();
      this.#take(data);
    });
    client.on('close', () => {
      this.#stopWaiting();
      this.#stopAsking();
      for (const reader of this.#readers.values()) reader.destroy();
      gone.abort();
    });
    this.#watchIdle(idleMs, idleMs);
  }

  /** Takes part in the handshake; then nothing is read until `begin`. Undefined when the client wants none of the protocols, which it has been told. */
  static async open(request: IncomingMessage, socket: Duplex, head: Buffer, protocols: readonly string[], terms: WebSocketTerms): Promise<WebSocketChannels | undefined> {
    const accepted = await acceptWebSocket(request, socket, head, protocols);
    return accepted && new WebSocketChannels(accepted, terms);
  }

  /** What the client sends on a channel. Nobody else may ask for the same. */
  reader(channel: number): Readable {
    const reader = new Readable({ read: () => this.#goOn() });
    reader.on('error', () => undefined);
    this.#readers.set(channel, reader);
    return reader;
  }

  /** All readers are there. */
  begin(): void {
    this.#client.resume();
  }

  writer(channel: number): Writable {
    return new Writable({
      write: (data: Buffer, _encoding, done) => this.send(channel, data, done),
    }).on('error', () => undefined);
  }

  /** @param done when it has gone to the network, or could not */
  send(channel: number, data: Buffer, done: (error?: Error | null) => void = () => undefined): void {
    this.#lastMessageAt = this.#clock.now();
    const message = this.#isText ? `${channel}${data.toString('base64')}` : Buffer.concat([Buffer.from([channel]), data]);
    this.#client.send(message, { binary: !this.#isText }, (error) => done(error ?? null));
  }

  /** After what was sent. Resolves when the client has taken it and left, or had time enough for it. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.gone.addEventListener('abort', resolve, { once: true });
    });
    if (this.gone.aborted) return;
    // Nobody waits for what still comes, and it must not keep the client's leaving from being heard.
    for (const reader of this.#readers.values()) reader.destroy();
    this.#goOn();
    this.#client.resume();
    // The library's own limit begins before what was said last has left.
    const stop = this.#clock.after(lastWordsMs, () => this.#client.terminate());
    this.#client.close(1000);
    await closed;
    stop();
  }

  #take(message: Buffer): void {
    const [first] = message;
    if (first === undefined) return;
    if (this.#isText) this.#receive(first - 48, Buffer.from(message.toString('latin1', 1), 'base64'));
    else this.#receive(first, message.subarray(1));
  }

  #receive(channel: number, data: Buffer): void {
    if (channel === closeChannel && this.protocol.startsWith('v5.')) {
      this.#readers.get(data[0] ?? closeChannel)?.push(null);
      return;
    }
    const reader = this.#readers.get(channel);
    if (reader === undefined || reader.readableEnded || reader.destroyed || data.length === 0) return;
    if (!reader.push(data)) this.#pause();
  }

  /** Messages that nobody reads wait in the network. A client that went away meanwhile is found out by asking. */
  #pause(): void {
    if (this.#client.isPaused) return;
    this.#client.pause();
    const ask = (): void => {
      this.#stopAsking = this.#clock.after(askAfterMs, () => {
        this.#client.ping();
        ask();
      });
    };
    ask();
  }

  #goOn(): void {
    if (!this.#client.isPaused) return;
    this.#stopAsking();
    this.#client.resume();
  }

  #watchIdle(ms: number, idleMs: number): void {
    this.#stopWaiting = this.#clock.after(ms, () => {
      const left = this.#lastMessageAt + idleMs - this.#clock.now();
      if (left <= 0) this.#client.terminate();
      else this.#watchIdle(left, idleMs);
    });
  }
}
