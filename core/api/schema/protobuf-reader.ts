/** The bytes are not what protobuf's encoding allows. */
export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}

export type WireValue =
  | { readonly kind: 'varint'; readonly value: bigint }
  | { readonly kind: 'bytes'; readonly value: Buffer }
  | { readonly kind: 'fixed64' | 'fixed32'; readonly value: Buffer };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {WireError} for bytes that are no UTF-8 */
export function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WireError('a string is not UTF-8');
  }
}

/** Goes through the fields of one message, in the order in which they were written. @throws {WireError} */
export function* fieldsOf(message: Buffer): IterableIterator<readonly [number: number, value: WireValue]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new WireError('it ends inside a number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new WireError('a number is longer than 64 bits');
  };
  const take = (length: number): Buffer => {
    if (length > message.length - at) throw new WireError(`a field of ${length} bytes goes beyond the end`);
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case 0: yield [number, { kind: 'varint', value: varint() }]; break;
      case 1: yield [number, { kind: 'fixed64', value: take(8) }]; break;
      case 2: yield [number, { kind: 'bytes', value: take(Number(varint())) }]; break;
      case 5: yield [number, { kind: 'fixed32', value: take(4) }]; break;
      default: throw new WireError(`field ${number} has a wire type that is not used`);
    }
  }
}
