import type { Choices } from '#test/fuzz/choices.ts';

export interface FrameShape {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly rsv?: number;
  readonly masked?: boolean;
  /** What its head says, where that is not true. */
  readonly length?: bigint;
}

/** RFC 6455, 5.2. */
export function frame(payload: Buffer, { opcode = 2, fin = true, rsv = 0, masked = true, length = BigInt(payload.length) }: FrameShape = {}): Buffer {
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  if (length < 126n) head.push(mask | Number(length));
  else if (length < 65_536n) head.push(mask | 126, Number(length >> 8n), Number(length & 255n));
  else head.push(mask | 127, ...Array.from({ length: 8 }, (_, i) => Number((length >> BigInt(56 - 8 * i)) & 255n)));
  // A mask of zeros is one, too.
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), payload]);
}

export const randomBytes = (choices: Choices, length: number): Buffer => Buffer.from(Array.from({ length }, () => choices.below(256)));

const onChannel = (channel: number, data: Buffer | string): Buffer => Buffer.concat([Buffer.from([channel]), Buffer.from(data as string)]);

/** What is in the messages of `exec`, `attach` and ports that have channels. */
const messages: readonly ((choices: Choices) => Buffer)[] = [
  (choices) => onChannel(0, randomBytes(choices, choices.below(3000))),
  () => onChannel(0, Buffer.alloc(200_000, 'x')),
  (choices) => onChannel(choices.below(256), randomBytes(choices, choices.below(50))),
  (choices) => onChannel(255, Buffer.from([choices.one([0, 1, 4, 255, 17])])),
  () => onChannel(255, ''),
  () => onChannel(4, '{"Width":80,"Height":25}'),
  (choices) => onChannel(4, choices.one(['{', '}}}}', '{"Width":-1,"Height":1e9}', '{"__proto__":{"Width":1}}', '{"Width":'.repeat(5000), '\u0000', '[]', 'null'])),
  () => Buffer.alloc(0),
  (choices) => Buffer.from(choices.one(['0aGVsbG8=', '0!!!', '4e30=', '9', 'é', '0'.repeat(5000)])),
];

const controls = [8, 9, 10] as const;

/** Frames as no client should send them. */
const wrong: readonly ((choices: Choices) => Buffer)[] = [
  () => frame(Buffer.from('\u0000x'), { masked: false }),
  (choices) => frame(Buffer.from('\u0000x'), { rsv: 1 + choices.below(7) }),
  (choices) => frame(Buffer.from('\u0000x'), { opcode: choices.one([3, 4, 7, 11, 15]) }),
  (choices) => frame(Buffer.alloc(3), { opcode: choices.one(controls), fin: false }),
  (choices) => frame(Buffer.alloc(126), { opcode: choices.one(controls) }),
  () => frame(Buffer.from('x'), { opcode: 0 }),
  () => Buffer.concat([frame(Buffer.from('\u0000a'), { fin: false }), frame(Buffer.from('\u0000b'))]),
  () => Buffer.concat([frame(Buffer.from('\u0000a'), { fin: false }), ...Array.from({ length: 20_000 }, () => frame(Buffer.from('b'), { opcode: 0, fin: false }))]),
  (choices) => frame(Buffer.from('\u0000x'), { length: choices.one([17n << 20n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n, 5n]) }),
  () => frame(Buffer.from([0xff, 0xfe, 0x80]), { opcode: 1 }),
  (choices) => frame(choices.one([Buffer.from([3]), Buffer.from([3, 237]), Buffer.from([0, 0]), Buffer.from([0x13, 0x88]), Buffer.from([3, 232, 0xff, 0xfe]), Buffer.alloc(0)]), { opcode: 8 }),
  (choices) => randomBytes(choices, 1 + choices.below(500)),
];

/** Right ones that nobody needs so many of. */
const floods: readonly (() => Buffer)[] = [
  () => Buffer.concat(Array.from({ length: 3000 }, () => frame(Buffer.alloc(125), { opcode: 9 }))),
  () => Buffer.concat(Array.from({ length: 3000 }, () => frame(Buffer.alloc(0)))),
  () => Buffer.concat(Array.from({ length: 5000 }, () => frame(Buffer.from('\u0000x')))),
  () => Buffer.concat(Array.from({ length: 3000 }, () => frame(Buffer.from('\u0004{"Width":80,"Height":25}')))),
];

/** A few frames: most of them right, so that what comes after is reached. */
export function webSocketBytes(choices: Choices): Buffer {
  if (choices.chance(0.08)) return choices.one(wrong)(choices);
  if (choices.chance(0.05)) return choices.one(floods)();
  return frame(choices.one(messages)(choices), choices.chance(0.1) ? { opcode: 1 } : {});
}

/** A stream of other bytes in frames of any size. */
export function tunnelled(bytes: Buffer, choices: Choices): Buffer {
  if (choices.chance(0.03)) return choices.one(wrong)(choices);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0;) {
    const size = choices.chance(0.2) ? 1 + choices.below(20) : bytes.length;
    parts.push(frame(bytes.subarray(at, at + size), choices.chance(0.02) ? { opcode: 1 } : {}));
    at += size;
    if (parts.length > 200) break;
  }
  return Buffer.concat(parts);
}
