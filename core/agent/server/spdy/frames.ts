import { HeaderReader, emptyHeaderBlock, type SpdyHeaders } from './header-block.ts';
import { SpdyError } from './spdy-error.ts';

/** What a client may send. Data comes in pieces as it arrives, whatever the length of its frame. */
export type Frame =
  | { readonly type: 'open'; readonly streamId: number; readonly headers: SpdyHeaders; readonly fin: boolean }
  | { readonly type: 'data'; readonly streamId: number; readonly data: Buffer; readonly fin: boolean }
  | { readonly type: 'reset'; readonly streamId: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goaway' };

const control = { open: 1, reply: 2, reset: 3, settings: 4, ping: 6, goaway: 7, headers: 8, windowUpdate: 9 } as const;
const version = 3;
const finFlag = 1;
const maxControlBytes = 16 * 1024;
const idMask = 0x7fff_ffff;

/** Status codes of RST_STREAM. */
export const resetStatus = { protocolError: 1, refused: 3, cancel: 5 } as const;
/** Status codes of GOAWAY. */
export const goAwayStatus = { ok: 0, protocolError: 1 } as const;

/**
 * Reads SPDY/3 frames (draft 3.1). Ends when the source does between two frames.
 * Settings and windows are passed over: the library of all Kubernetes clients has no flow control, so that a window would never open again.
 * @throws {SpdyError}
 */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, void> {
  const bytes = new Bytes(source);
  const headers = new HeaderReader();
  try {
    for (let head = await bytes.take(8); head !== undefined; head = await bytes.take(8)) {
      const [flags, length] = [head.readUInt8(4), head.readUIntBE(5, 3)];
      if ((head.readUInt8(0) & 0x80) === 0) {
        yield* dataPieces(bytes, head.readUInt32BE(0), length, (flags & finFlag) !== 0);
        continue;
      }
      if (length > maxControlBytes) throw new SpdyError(`a control frame of ${length} bytes`);
      const [spoken, type] = [head.readUInt16BE(0) & 0x7fff, head.readUInt16BE(2)];
      if (spoken !== version) throw new SpdyError(`a frame of version ${spoken}`);
      const body = await bytes.take(length);
      if (body === undefined) throw brokenOff();
      const frame = await controlFrame(type, flags, body, headers);
      if (frame !== undefined) yield frame;
    }
  } finally {
    headers.close();
  }
}

const brokenOff = (): SpdyError => new SpdyError('a frame that breaks off');

async function* dataPieces(bytes: Bytes, streamId: number, length: number, fin: boolean): AsyncGenerator<Frame, void, void> {
  if (length === 0) yield { type: 'data', streamId, data: Buffer.alloc(0), fin };
  for (let left = length; left > 0;) {
    const data = await bytes.some(left);
    if (data === undefined) throw brokenOff();
    left -= data.length;
    yield { type: 'data', streamId, data, fin: fin && left === 0 };
  }
}

async function controlFrame(type: number, flags: number, body: Buffer, headers: HeaderReader): Promise<Frame | undefined> {
  const fin = (flags & finFlag) !== 0;
  switch (type) {
    case control.open:
      return { type: 'open', streamId: idOf(body, 10), headers: await headers.read(body.subarray(10)), fin };
    case control.reply:
    case control.headers:
      idOf(body, 4);
      await headers.read(body.subarray(4));
      return undefined;
    case control.reset:
      return { type: 'reset', streamId: idOf(body, 8) };
    case control.ping:
      if (body.length < 4) throw brokenOff();
      return { type: 'ping', id: body.readUInt32BE(0) };
    case control.goaway:
      return { type: 'goaway' };
    default:
      return undefined;
  }
}

function idOf(body: Buffer, atLeast: number): number {
  if (body.length < atLeast) throw brokenOff();
  return body.readUInt32BE(0) & idMask;
}

/** Takes from pieces of any length pieces of the wanted one. */
class Bytes {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Undefined at the end. @throws {SpdyError} when the source ends before all of them have come */
  async take(count: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (let missing = count; missing > 0;) {
      const part = await this.some(missing);
      if (part === undefined && parts.length > 0) throw brokenOff();
      if (part === undefined) return undefined;
      if (part.length === count) return part;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** At least one byte and at most so many, without waiting for more than one; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

/** The head of a DATA frame; the data follow. @param length at most 2^24 - 1 */
export function dataHead(streamId: number, length: number, fin: boolean): Buffer {
  const head = Buffer.allocUnsafe(8);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt8(fin ? finFlag : 0, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}

/** SYN_REPLY without headers. @param first of this connection */
export const replyFrame = (streamId: number, first: boolean): Buffer => controlBytes(control.reply, uint32(streamId), emptyHeaderBlock(first));
export const resetFrame = (streamId: number, status: number): Buffer => controlBytes(control.reset, uint32(streamId), uint32(status));
export const pingFrame = (id: number): Buffer => controlBytes(control.ping, uint32(id));
export const goAwayFrame = (lastStreamId: number, status: number): Buffer => controlBytes(control.goaway, uint32(lastStreamId), uint32(status));

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function controlBytes(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.allocUnsafe(8);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(0, 4);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}
