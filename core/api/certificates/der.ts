/** A value as DER writes it (X.690): what kind it is, and its content. */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
}

export const tags = {
  bitString: 0x03, octetString: 0x04, objectIdentifier: 0x06, sequence: 0x30, set: 0x31, integer: 0x02,
} as const;

/** The values that stand one after the other. @throws {RangeError} when the bytes are not DER */
export function* derValues(bytes: Buffer): Generator<Der> {
  for (let at = 0; at < bytes.length;) {
    const { start, end } = extent(bytes, at);
    yield { tag: bytes[at] ?? 0, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) };
    at = end;
  }
}

/** Where the content of the value at `at` begins and ends. */
function extent(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = bytes[at + 1];
  if (first === undefined) throw new RangeError('a value ends before its length');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || lengthBytes > 4) throw new RangeError('a length is not written as DER asks');
  const start = at + 2 + lengthBytes;
  if (start > bytes.length) throw new RangeError('a value ends inside its length');
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  if (start + length > bytes.length) throw new RangeError('a value is longer than what it stands in');
  return { start, end: start + length };
}

/** The values inside one of the given kind. @throws {RangeError} when it is another kind, or not DER */
export function inside(value: Der | undefined, tag: number): readonly Der[] {
  return [...derValues(contentOf(value, tag))];
}

/** @throws {RangeError} when it is another kind */
export function contentOf(value: Der | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new RangeError(`found ${value === undefined ? 'nothing' : `a value of tag ${value.tag}`} instead of one of tag ${tag}`);
  return value.content;
}

/** Text of the string types that certificates use; undefined for another type. */
export function textOf({ tag, content }: Der): string | undefined {
  switch (tag) {
    case 0x0c: return content.toString('utf8');
    // Numeric, printable, T61 and IA5 strings.
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x16: return content.toString('latin1');
    // BMP strings have two bytes a character, the higher one first.
    case 0x1e: return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : undefined;
    default: return undefined;
  }
}
