import { open } from 'node:fs/promises';

const CHUNK = 1024 * 1024;

/** Writes a file until the file system is full or the limit is reached; resolves to the bytes that are on disk. */
export async function fillUp(path: string, limit: bigint): Promise<bigint> {
  await using file = await open(path, 'w');
  const chunk = Buffer.alloc(CHUNK, 0x5a);
  let written = 0n;
  while (written < limit) {
    try {
      const { bytesWritten } = await file.write(chunk);
      written += BigInt(bytesWritten);
      if (bytesWritten < CHUNK) break;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') break;
      throw error;
    }
  }
  await file.sync();
  return written;
}

/** Writes a text to the first and the last block of a device, and resolves to what is read there afterwards. */
export async function overwriteDevice(path: string, size: bigint, text: string): Promise<string[]> {
  await using device = await open(path, 'r+');
  const block = Buffer.alloc(4096);
  block.write(text);
  const places = [0n, size - 4096n];
  for (const place of places) await device.write(block, 0, block.length, Number(place));
  await device.sync();
  return await readDevice(path, size, text.length);
}

/** What is at the beginning of the first and the last block. */
export async function readDevice(path: string, size: bigint, length: number): Promise<string[]> {
  await using device = await open(path, 'r');
  const texts: string[] = [];
  for (const place of [0n, size - 4096n]) {
    const { buffer } = await device.read(Buffer.alloc(length), 0, length, Number(place));
    texts.push(buffer.toString());
  }
  return texts;
}
