import { Duplex } from 'node:stream';
import type { SpdyHeaders } from './header-block.ts';

/** What a stream needs of its connection. */
export interface StreamLink {
  /** Sends data; `done` when the connection has room for more. */
  sendData(streamId: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  /** Both sides have said all, or one has given up; then the peer is told unless it knows. */
  forget(streamId: number, tellPeer: boolean): void;
}

/** So much is kept of what the peer sent and nobody has read; then the whole connection waits. */
const unreadBytes = 256 * 1024;

/** One stream of a SPDY connection, opened by the peer. Each side ends on its own; `destroy` gives up both (RST_STREAM). */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #link: StreamLink;
  #heardAll = false;
  #saidAll = false;
  #dropped = false;
  #waiting: (() => void) | undefined;

  constructor(id: number, headers: SpdyHeaders, link: StreamLink) {
    super({ allowHalfOpen: true, readableHighWaterMark: unreadBytes });
    this.id = id;
    this.headers = headers;
    this.#link = link;
    // Whoever uses the stream may have left when the peer resets it.
    this.on('error', () => undefined);
  }

  /** Takes what the peer sent. When that was enough for now, returns a promise that resolves when there is room for more. */
  receive(data: Buffer, fin: boolean): Promise<void> | undefined {
    if (this.#heardAll || this.destroyed) return undefined;
    const hasRoom = data.length === 0 || this.push(data);
    if (fin) {
      this.#heardAll = true;
      this.push(null);
    }
    if (fin || hasRoom) return undefined;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** The peer has given the stream up, or the connection is over. */
  abandon(error: Error): void {
    this.#dropped = true;
    this.destroy(error);
  }

  override _read(): void {
    this.#goOn();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#link.sendData(this.id, data, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#saidAll = true;
    this.#link.sendData(this.id, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#goOn();
    this.#link.forget(this.id, !this.#dropped && !(this.#heardAll && this.#saidAll));
    done(error);
  }

  #goOn(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
