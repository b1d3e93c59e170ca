import type { Duplex } from 'node:stream';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { dataHead, goAwayFrame, goAwayStatus, pingFrame, readFrames, replyFrame, resetFrame, resetStatus, type Frame } from './frames.ts';
import type { SpdyHeaders } from './header-block.ts';
import { SpdyError } from './spdy-error.ts';
import { SpdyStream, type StreamLink } from './stream.ts';

export interface SpdyOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Without a frame for so long the connection is closed, in milliseconds. */
  readonly idleMs: number;
  /** Most streams at a time. */
  readonly maxStreams: number;
  /** Whether a stream with these headers is wanted; others are reset. */
  accepts(headers: SpdyHeaders): boolean;
  /** Has the stream, which has been replied to. */
  opened(stream: SpdyStream): void;
}

/** While the peer is kept waiting it is asked from time to time whether it is still there: nothing is read that would tell. */
const askAfterMs = 5000;
const lastFrameMs = 1000;
const closedError = (): Error => new Error('the connection was closed');
const longestFrame = 1024 * 1024;
/** Answers to frames that wait for a peer that asks and does not listen: then it is not read either. */
const mostOwed = 64 * 1024;

/**
 * The server's side of a SPDY/3.1 connection, as the clients of Kubernetes use it: the client opens streams, and both sides send data in them.
 * A stream that nobody reads stops the whole connection, once it has 256 KiB: clients have no other flow control than TCP's.
 */
export class SpdyConnection {
  /** Resolves when the connection is over, however. */
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #options: SpdyOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #link: StreamLink;
  /** Called when the socket has room again. */
  #waiting: ((error?: Error | null) => void)[] = [];
  /** Bytes of such answers since the socket had room last. */
  #owed = 0;
  #lastStreamId = 0;
  #replied = false;
  #peerLeaves = false;
  #lastFrameAt: number;
  #stopWaiting: () => void = () => undefined;

  constructor(socket: Duplex, options: SpdyOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#lastFrameAt = options.clock.now();
    this.#link = {
      sendData: (streamId, data, fin, done) => this.#sendData(streamId, data, fin, done),
      forget: (streamId, tellPeer) => {
        if (!this.#streams.delete(streamId) || !tellPeer) return;
        this.#send([resetFrame(streamId, resetStatus.cancel)]);
      },
    };
    socket.on('error', () => undefined);
    socket.on('drain', () => this.#drained(null));
    socket.on('close', () => {
      this.#drained(closedError());
      // Also while nothing is read, because a stream is full.
      this.#abandonStreams();
    });
    this.#watchIdle(options.idleMs);
    this.closed = this.#run().finally(() => this.#over());
  }

  /** Gives the peer time to take what was sent and leave. What it has not taken then is lost. */
  async closeWithin(ms: number): Promise<void> {
    const stop = this.#options.clock.after(ms, () => this.destroy());
    await this.closed.finally(stop);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #run(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#socket)) {
        this.#lastFrameAt = this.#options.clock.now();
        await this.#take(frame);
        if (this.#owed > mostOwed) await this.#drainedOnce();
      }
    } catch (error) {
      if (!(error instanceof SpdyError)) return;
      this.#options.logger.debug('a SPDY connection was closed', { error });
      this.#send([goAwayFrame(this.#lastStreamId, goAwayStatus.protocolError)]);
    }
  }

  #over(): void {
    this.#stopWaiting();
    this.#abandonStreams();
    if (this.#socket.destroyed) return;
    // A last frame may still go out.
    const stop = this.#options.clock.after(lastFrameMs, () => this.destroy());
    this.#socket.once('close', stop);
    this.#socket.end(() => this.destroy());
  }

  #abandonStreams(): void {
    for (const stream of this.#streams.values()) stream.abandon(closedError());
    this.#streams.clear();
  }

  async #take(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'open':
        this.#open(frame);
        return;
      case 'data':
        await this.#asking(this.#streams.get(frame.streamId)?.receive(frame.data, frame.fin));
        return;
      case 'reset':
        this.#streams.get(frame.streamId)?.abandon(new Error('the stream was reset'));
        return;
      case 'ping':
        // Odd ones are the client's; even ones come back from it.
        if (frame.id % 2 === 1) this.#answer(pingFrame(frame.id));
        return;
      case 'goaway':
        this.#peerLeaves = true;
    }
  }

  #open({ streamId, headers, fin }: Frame & { type: 'open' }): void {
    if (streamId % 2 === 0 || streamId <= this.#lastStreamId) throw new SpdyError(`a stream ${streamId} after ${this.#lastStreamId}`);
    this.#lastStreamId = streamId;
    if (this.#peerLeaves || this.#streams.size >= this.#options.maxStreams || !this.#options.accepts(headers)) {
      this.#answer(resetFrame(streamId, resetStatus.refused));
      return;
    }
    const stream = new SpdyStream(streamId, headers, this.#link);
    this.#streams.set(streamId, stream);
    // Clients drop data of streams that have no reply yet.
    this.#answer(replyFrame(streamId, !this.#replied));
    this.#replied = true;
    this.#options.opened(stream);
    if (fin) void stream.receive(Buffer.alloc(0), true);
  }

  /** Waits until there is room for what the peer sends, and closes the connection if it has gone meanwhile. */
  async #asking(room: Promise<void> | undefined): Promise<void> {
    if (room === undefined) return;
    let stop: () => void = () => undefined;
    const ask = (): void => {
      stop = this.#options.clock.after(askAfterMs, () => {
        this.#send([pingFrame(2)]);
        ask();
      });
    };
    ask();
    await room;
    stop();
  }

  #sendData(streamId: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    const parts: Buffer[] = [];
    for (let at = 0; at < data.length || at === 0; at += longestFrame) {
      const part = data.subarray(at, at + longestFrame);
      const isLast = at + longestFrame >= data.length;
      parts.push(dataHead(streamId, part.length, fin && isLast), part);
    }
    if (this.#send(parts)) done();
    else if (this.#socket.destroyed) done(closedError());
    else this.#waiting.push(done);
  }

  #answer(frame: Buffer): void {
    if (!this.#send([frame])) this.#owed += frame.length;
  }

  #drainedOnce(): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(() => resolve()));
  }

  /** Whether the socket has room for more. */
  #send(parts: readonly Buffer[]): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return false;
    this.#lastFrameAt = this.#options.clock.now();
    this.#socket.cork();
    let hasRoom = true;
    for (const part of parts) if (part.length > 0) hasRoom = this.#socket.write(part);
    this.#socket.uncork();
    return hasRoom;
  }

  #drained(error: Error | null): void {
    const waiting = this.#waiting;
    this.#owed = 0;
    this.#waiting = [];
    for (const done of waiting) done(error);
  }

  #watchIdle(ms: number): void {
    const { clock, idleMs } = this.#options;
    this.#stopWaiting = clock.after(ms, () => {
      const left = this.#lastFrameAt + idleMs - clock.now();
      if (left <= 0) this.destroy();
      else this.#watchIdle(left);
    });
  }
}
