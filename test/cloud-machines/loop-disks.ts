import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A disk that is in a machine. */
export interface InsertedDisk {
  /** `/dev/loop3` */
  readonly device: string;
  readonly bytes: number;
}

interface Loop {
  readonly device: string;
  readonly readOnly: boolean;
}

/**
 * Disks that are sparse files of a folder, one for each volume of a cloud; in a machine they are loop devices. What is written stays, whichever machine has
 * the disk, until it is discarded. Which are in use is read from the kernel, so that a later process finds what an earlier one left.
 */
export class LoopDisks {
  readonly folder: string;
  /** One call at a time: between looking and doing, another would do the same. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes the disk when it is new, and lets it grow; never smaller. @returns its device */
  insert(id: string, bytes: number, options: { readonly readOnly?: boolean } = {}): Promise<InsertedDisk> {
    return this.#alone(() => this.#insert(id, bytes, options));
  }

  async #insert(id: string, bytes: number, { readOnly = false }: { readonly readOnly?: boolean }): Promise<InsertedDisk> {
    const file = this.#file(id);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const size = await ensureSize(file, bytes);
    const found = (await this.#loops(file)).find((loop) => loop.readOnly === readOnly);
    const device = found?.device ?? (await losetup('--find', '--show', ...(readOnly ? ['--read-only'] : []), file)).trim();
    // A device keeps the size that its file had.
    if (found !== undefined && await bytesOf(device) < size) await losetup('--set-capacity', device);
    return { device, bytes: size };
  }

  /** Makes a disk as another one is now, unless it is there, or the other one has nothing written on it. */
  copy(source: string, id: string): Promise<void> {
    return this.#alone(async () => {
      const [from, to] = [this.#file(source), this.#file(id)];
      const names = new Set(await this.list());
      if (names.has(id) || !names.has(source)) return;
      // What a machine has written may not be in the file yet.
      await execa('sync', [], { stdin: 'ignore' });
      await execa('cp', ['--sparse=always', '--reflink=auto', from, `${to}.copy`], { stdin: 'ignore' });
      await rename(`${to}.copy`, to);
    });
  }

  /** Takes the disk out of all machines. One that is still mounted stays until it is not. */
  eject(id: string): Promise<void> {
    return this.#alone(() => this.#eject(id));
  }

  discard(id: string): Promise<void> {
    return this.#alone(async () => {
      await this.#eject(id);
      await rm(this.#file(id), { force: true });
    });
  }

  /** All that there are, by their ids. */
  async list(): Promise<readonly string[]> {
    return (await readdir(this.folder).catch(() => [])).filter((name) => name.endsWith('.disk')).map((name) => decodeURIComponent(name.slice(0, -'.disk'.length)));
  }

  async isInserted(id: string): Promise<boolean> {
    return (await this.#loops(this.#file(id))).length > 0;
  }

  async discardAll(): Promise<void> {
    for (const id of await this.list()) await this.discard(id);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #eject(id: string): Promise<void> {
    for (const { device } of await this.#loops(this.#file(id))) await losetup('--detach', device);
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  #file(id: string): string {
    return join(this.folder, `${encodeURIComponent(id)}.disk`);
  }

  async #loops(file: string): Promise<readonly Loop[]> {
    const names = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'));
    const found = await Promise.all(names.map(async (name): Promise<Loop | undefined> => {
      const [backing, readOnly] = await Promise.all([join(name, 'loop/backing_file'), join(name, 'ro')].map((path) => readFile(join('/sys/block', path), 'utf8').catch(() => '')));
      return backing?.trim() === file ? { device: `/dev/${name}`, readOnly: readOnly?.trim() === '1' } : undefined;
    }));
    return found.filter((loop) => loop !== undefined);
  }
}

/** @returns what it has then */
async function ensureSize(path: string, bytes: number): Promise<number> {
  await using file = await open(path, 'a', 0o600);
  const { size } = await file.stat();
  if (size < bytes) await file.truncate(bytes);
  return Math.max(size, bytes);
}

const bytesOf = async (device: string): Promise<number> => Number(await readFile(join('/sys/block', device.slice('/dev/'.length), 'size'), 'utf8')) * 512;

async function losetup(...args: readonly string[]): Promise<string> {
  return (await execa('losetup', args, { stdin: 'ignore' })).stdout;
}
