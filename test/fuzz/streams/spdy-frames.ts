import { constants, deflateRawSync } from 'node:zlib';
import type { Choices } from '#test/fuzz/choices.ts';
import { randomBytes } from './websocket-frames.ts';

type Headers = Readonly<Record<string, string>>;

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

const blockOf = (headers: Headers): Buffer => {
  const strings = Object.entries(headers).flat().flatMap((text) => [number(text.length), Buffer.from(text, 'latin1')]);
  return Buffer.concat([number(strings.length / 4), ...strings]);
};

/** Stored blocks of deflate (RFC 1951, 3.2.4): so no state is needed between two of them. */
const stored = (data: Buffer): Buffer => {
  const head = Buffer.from([0, 0, 0, 0, 0]);
  head.writeUInt16LE(data.length, 1);
  head.writeUInt16LE(data.length ^ 0xffff, 3);
  return Buffer.concat([head, data, Buffer.from([0, 0, 0, 0xff, 0xff])]);
};

const zlibStart = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);
/** 8 MiB of zeros. */
const bomb = deflateRawSync(Buffer.alloc(8 << 20), { finishFlush: constants.Z_SYNC_FLUSH });

/** The client's side of a SPDY connection that knows the rules and breaks some. */
export class SpdyFrames {
  readonly #choices: Choices;
  readonly #headers: readonly Headers[];
  #lastId = -1;
  #isFirst = true;

  /** @param headers of streams that the server wants */
  constructor(choices: Choices, headers: readonly Headers[]) {
    this.#choices = choices;
    this.#headers = headers;
  }

  /** The streams that the server waits for. */
  begin(): Buffer {
    return Buffer.concat(this.#headers.map((headers) => this.#open(blockOf(headers))));
  }

  /** A few frames: most of them right, so that what comes after is reached. */
  next(): Buffer {
    const choices = this.#choices;
    if (choices.chance(0.08)) return choices.one(this.#wrong)();
    if (choices.chance(0.05)) return choices.one(this.#floods)();
    return choices.one(this.#right)();
  }

  readonly #right: readonly (() => Buffer)[] = [
    () => this.#data(randomBytes(this.#choices, this.#choices.below(3000))),
    () => this.#data(Buffer.alloc(300_000, 'x')),
    () => this.#data(Buffer.from('{"Width":80,"Height":25}')),
    () => this.#data(Buffer.alloc(0), 1),
    () => this.#open(blockOf(this.#choices.one(this.#headers))),
    () => this.#open(blockOf({ streamtype: this.#choices.one(['stdin', 'nothing', '__proto__', '']) }), this.#choices.below(4)),
    () => this.#open(blockOf({ streamtype: 'data', port: this.#choices.one(['1', '0', '99999', 'x', '-1']), requestid: String(this.#choices.below(3)) })),
    () => this.#control(3, number(this.#anyId()), number(this.#choices.below(12))),
    () => this.#control(6, number(this.#choices.below(10))),
    () => this.#control(4, number(1), Buffer.from([0, 0, 0, 7]), number(0xffff_ffff)),
    () => this.#control(9, number(this.#anyId()), number(0x7fff_ffff)),
    () => this.#control(8, number(this.#anyId()), this.#packed(blockOf({ more: 'x' }))),
    () => this.#control(this.#choices.below(40), randomBytes(this.#choices, this.#choices.below(30))),
  ];

  readonly #wrong: readonly (() => Buffer)[] = [
    () => this.#openWith(this.#nextId(), this.#begun(bomb)),
    () => this.#openWith(this.#nextId(), randomBytes(this.#choices, 100)),
    () => this.#openWith(this.#nextId(), blockOf({ streamtype: 'stdin' })),
    () => this.#open(number(0xffff_ffff)),
    () => this.#open(Buffer.concat([number(1), number(0x7fff_ffff), Buffer.from('a')])),
    () => this.#open(blockOf(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`h${i}`, 'v'])))),
    () => this.#openWith(this.#choices.one([0, 2, 1, 0x7fff_fffe]), this.#packed(blockOf({ streamtype: 'stdin' }))),
    () => this.#control(1, Buffer.alloc(this.#choices.below(10))),
    () => this.#control(this.#choices.one([2, 3, 6, 8]), Buffer.alloc(this.#choices.below(4))),
    () => this.#control(7, number(this.#anyId()), number(0)),
    () => Buffer.from([0x80, this.#choices.one([0, 2, 4, 255]), 0, 1, 0, 0, 0, 0]),
    () => Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]),
    () => Buffer.concat([Buffer.from([0, 0, 0, this.#anyId() & 255, 0, 0xff, 0xff, 0xff]), Buffer.alloc(1000)]),
    () => randomBytes(this.#choices, 1 + this.#choices.below(500)),
  ];

  readonly #floods: readonly (() => Buffer)[] = [
    () => Buffer.concat(Array.from({ length: 5000 }, () => this.#control(6, number(1)))),
    () => Buffer.concat(Array.from({ length: 2000 }, () => this.#open(blockOf({ streamtype: 'nothing' })))),
    () => Buffer.concat(Array.from({ length: 300 }, () => this.#openedAndReset())),
    () => Buffer.concat(Array.from({ length: 5000 }, () => this.#data(Buffer.from('x')))),
    () => Buffer.concat(Array.from({ length: 5000 }, () => this.#data(Buffer.alloc(0)))),
  ];

  /** Both streams of a forwarded connection, or two that exist already, given up as soon as they are there. */
  #openedAndReset(): Buffer {
    const streams = this.#headers.slice(0, 2).map((headers) => {
      const { port = '' } = headers;
      return Buffer.concat([this.#open(blockOf(port === '' ? headers : { ...headers, requestid: `flood-${this.#lastId >> 2}` })), number(this.#lastId)]);
    });
    return Buffer.concat(streams.flatMap((bytes) => [bytes.subarray(0, -4), this.#control(3, bytes.subarray(-4), number(5))]));
  }

  #nextId(): number {
    this.#lastId += 2;
    return this.#lastId;
  }

  #anyId(): number {
    return this.#choices.chance(0.8) ? 1 + 2 * this.#choices.below(this.#headers.length) : this.#choices.below(100);
  }

  #packed(block: Buffer): Buffer {
    return this.#begun(stored(block));
  }

  #begun(deflated: Buffer): Buffer {
    const bytes = this.#isFirst ? Buffer.concat([zlibStart, deflated]) : deflated;
    this.#isFirst = false;
    return bytes;
  }

  #open(block: Buffer, flags = 0): Buffer {
    return this.#openWith(this.#nextId(), this.#packed(block), flags);
  }

  #openWith(id: number, block: Buffer, flags = 0): Buffer {
    return this.#control(1, number(id), number(0), Buffer.from([0, flags]), block);
  }

  #data(data: Buffer, flags = 0): Buffer {
    const head = Buffer.concat([number(this.#anyId()), Buffer.from([flags, 0, 0, 0])]);
    head.writeUIntBE(data.length, 5, 3);
    return Buffer.concat([head, data]);
  }

  #control(type: number, ...parts: Buffer[]): Buffer {
    const body = Buffer.concat(parts);
    const head = Buffer.from([0x80, 3, 0, type, 0, 0, 0, 0]);
    head.writeUIntBE(body.length & 0xff_ffff, 5, 3);
    return Buffer.concat([head, body]);
  }
}
