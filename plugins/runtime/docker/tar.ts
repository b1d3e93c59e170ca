export interface TarEntry {
  /** Without a slash at its begin; at most 100 bytes. */
  readonly path: string;
  /** 0755 when undefined. */
  readonly mode?: number;
  /** Of a file. */
  readonly content?: Buffer;
  /** Of a symbolic link. */
  readonly target?: string;
  /** A device of characters, as `[major, minor]`. */
  readonly device?: readonly [number, number];
}

const block = 512;

/** An archive in the ustar format of POSIX.1-1988: the same bytes each time, owned by root, of the year 1970. Without content, target and device an entry is a folder. */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap((entry) => [header(entry), padded(entry.content ?? Buffer.alloc(0))]), Buffer.alloc(2 * block)]);
}

const padded = (content: Buffer): Buffer => Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)]);

function header({ path, mode = 0o755, content, target = '', device }: TarEntry): Buffer {
  const bytes = Buffer.alloc(block);
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(target) > 100) throw new RangeError(`a name in an archive may have 100 bytes: "${path}"`);
  const octal = (value: number, offset: number, length: number): void => void bytes.write(value.toString(8).padStart(length - 1, '0'), offset);
  bytes.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content?.length ?? 0, 124, 12);
  octal(0, 136, 12);
  bytes.write(' '.repeat(8), 148);
  bytes.write(kind(content, target, device), 156);
  bytes.write(target, 157);
  bytes.write('ustar\x0000', 257);
  octal(device?.[0] ?? 0, 329, 8);
  octal(device?.[1] ?? 0, 337, 8);
  // The sum counts its own field as blanks, and ends with NUL and a blank.
  bytes.write(`${bytes.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

function kind(content: Buffer | undefined, target: string, device: TarEntry['device']): string {
  if (content !== undefined) return '0';
  if (target !== '') return '2';
  return device === undefined ? '5' : '3';
}
