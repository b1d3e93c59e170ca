import { constants, createInflate, type Inflate } from 'node:zlib';
import { spdyDictionary } from './dictionary.ts';
import { SpdyError } from './spdy-error.ts';

export type SpdyHeaders = ReadonlyMap<string, string>;

const maxBytes = 32 * 1024;
const maxHeaders = 64;

/** Reads the header blocks of one connection: all of them are one zlib stream, so none may be left out. */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary, finishFlush: constants.Z_SYNC_FLUSH });

  /** @throws {SpdyError} for what is no header block, or one of more than 32 KiB or 64 headers */
  async read(block: Buffer): Promise<SpdyHeaders> {
    return parseHeaders(await this.#unpack(block));
  }

  close(): void {
    this.#inflate.on('error', () => undefined);
    this.#inflate.close();
  }

  #unpack(block: Buffer): Promise<Buffer> {
    const inflate = this.#inflate;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const parts: Buffer[] = [];
    let size = 0;
    const collect = (): void => {
      for (let part = inflate.read() as Buffer | null; part !== null; part = inflate.read() as Buffer | null) {
        parts.push(part);
        size += part.length;
      }
      // A few bytes may stand for gigabytes: no more of them is unpacked.
      if (size > maxBytes) fail(new SpdyError(`a header block of more than ${maxBytes} bytes`));
    };
    const fail = (error: unknown): void => reject(error instanceof SpdyError ? error : new SpdyError('a header block that is not compressed as SPDY does', { cause: error }));
    const closed = (): void => fail(new Error('closed'));
    inflate.on('readable', collect).on('error', fail).on('close', closed);
    inflate.write(block, (error) => {
      if (error) return fail(error);
      collect();
      resolve(Buffer.concat(parts));
    });
    return promise.finally(() => inflate.off('readable', collect).off('error', fail).off('close', closed));
  }
}

/** @throws {SpdyError} */
function parseHeaders(block: Buffer): SpdyHeaders {
  const headers = new Map<string, string>();
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw new SpdyError('a header block that breaks off');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const string = (): string => {
    const length = number();
    if (length > block.length - at) throw new SpdyError('a header block that breaks off');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const count = number();
  if (count > maxHeaders) throw new SpdyError(`${count} headers, where ${maxHeaders} are the most`);
  for (let i = 0; i < count; i++) {
    const name = string();
    if (name === '' || name !== name.toLowerCase()) throw new SpdyError(`a header name ${JSON.stringify(name)}, which is empty or not in lower case`);
    if (headers.has(name)) throw new SpdyError(`two headers ${JSON.stringify(name)}`);
    headers.set(name, string());
  }
  if (at !== block.length) throw new SpdyError('a header block with something behind its end');
  return headers;
}

/** CMF and FLG of a zlib stream that names a dictionary, and that dictionary's checksum (RFC 1950, 2.2). */
const zlibStart = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);
/** A count of no headers in a stored block of deflate, and an empty one after which readers have to hand on what they have (RFC 1951, 3.2.4). */
const noHeaders = Buffer.from([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** The header block of a reply, which has no headers. Stored blocks are valid deflate and need no compressor with its 256 KiB. */
export const emptyHeaderBlock = (first: boolean): Buffer => (first ? Buffer.concat([zlibStart, noHeaders]) : noHeaders);
