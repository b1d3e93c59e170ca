/** Above every text, in SQLite's order: there a blob is greater than any text. */
const aboveAll = new Uint8Array([0]);

/** The least bound above all texts that start with `prefix`, in the order of UTF-8 bytes, which is that of code points. */
export function prefixEnd(prefix: string): string | Uint8Array {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.length > 0) {
    const last = points.pop() ?? 0;
    if (last < 0x10ffff) return String.fromCodePoint(...points, afterCodePoint(last));
  }
  return aboveAll;
}

/** Surrogates are no characters: after U+D7FF comes U+E000. */
const afterCodePoint = (point: number): number => (point === 0xd7ff ? 0xe000 : point + 1);
