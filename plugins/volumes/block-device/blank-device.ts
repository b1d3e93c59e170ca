import { open, type FileHandle } from 'node:fs/promises';
import type { BlockDevice } from './devices.ts';

const SECTOR = 512;
/** What must be zero of a device on which there is nothing. */
const LOOKED_AT = 1024 * 1024;
/** From the end: makers of file systems wipe the last 64 KiB. */
const NOTE_FROM_END = 128n * 1024n;

const note = Buffer.alloc(SECTOR);
note.write('Keelson is making a file system on this device, which was empty.\n');

/** True when the device has only zeros where anything would begin. */
export async function isBlank(device: BlockDevice): Promise<boolean> {
  await using file = await open(device.path, 'r');
  const length = Number(device.bytes < LOOKED_AT ? device.bytes : LOOKED_AT);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
  return bytesRead === length && buffer.every((byte) => byte === 0);
}

/**
 * A note on the device itself says that its formatting has begun: whoever finds it without a file system, on this node or another one, may begin
 * anew. A device too small for it gets none.
 */
export class FormattingNote {
  readonly #device: BlockDevice;

  constructor(device: BlockDevice) {
    this.#device = device;
  }

  isThere(): Promise<boolean> {
    return this.#open('r', async (file, position) => {
      const { buffer } = await file.read(Buffer.alloc(SECTOR), 0, SECTOR, position);
      return buffer.equals(note);
    });
  }

  async write(): Promise<void> {
    await this.#open('r+', async (file, position) => {
      await file.write(note, 0, SECTOR, position);
      await file.sync();
      return true;
    });
  }

  /** Unless it has been written over: then it is the new file system's. */
  async clear(): Promise<void> {
    if (!(await this.isThere())) return;
    await this.#open('r+', async (file, position) => {
      await file.write(Buffer.alloc(SECTOR), 0, SECTOR, position);
      await file.sync();
      return true;
    });
  }

  async #open(mode: 'r' | 'r+', work: (file: FileHandle, position: number) => Promise<boolean>): Promise<boolean> {
    const position = this.#device.bytes - NOTE_FROM_END;
    if (position < LOOKED_AT) return false;
    await using file = await open(this.#device.path, mode);
    return await work(file, Number(position));
  }
}
