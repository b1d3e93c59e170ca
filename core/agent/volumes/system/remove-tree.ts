import { chmod, lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { errorCode, isMissing, unlessMissing } from './error-code.ts';

/** Folders deeper than this are moved up before they are emptied: a pod may have nested them beyond the longest path that the kernel takes. */
const mostLevels = 10;

const join = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, Buffer.from('/'), name]);

/**
 * Removes the folder with all that is in it. It never goes to another file system, and no name is read as text: what a pod calls its files
 * need not be UTF-8. Resolves when there is nothing.
 * @throws {Error} when part of it lies on another file system
 */
export async function removeTree(path: string): Promise<void> {
  const root = Buffer.from(path);
  const found = await lstat(root).catch(unlessMissing(undefined));
  if (found === undefined) return;
  if (!found.isDirectory()) return unlink(root);
  await unlock(root, found);
  await new Removal(root, found.dev).empty(root, 0);
  await rmdir(root).catch(unlessMissing(undefined));
}

/** Who is not root cannot empty a folder of its own that it locked itself out of. */
async function unlock(folder: Buffer, { mode }: Stats): Promise<void> {
  if (process.geteuid?.() !== 0 && (mode & 0o700) !== 0o700) await chmod(folder, mode | 0o700);
}

class Removal {
  readonly #root: Buffer;
  readonly #device: number;
  #moved = 0;

  constructor(root: Buffer, device: number) {
    this.#root = root;
    this.#device = device;
  }

  async empty(folder: Buffer, level: number): Promise<void> {
    // Emptying may move folders up to here, so the first level is read until nothing is left.
    for (;;) {
      const names = await readdir(folder, { encoding: 'buffer' });
      for (const name of names) await this.#remove(join(folder, name), level + 1);
      if (level > 0 || names.length === 0) return;
    }
  }

  async #remove(path: Buffer, level: number): Promise<void> {
    const entry = await lstat(path).catch(unlessMissing(undefined));
    if (entry === undefined) return;
    if (!entry.isDirectory()) return unlink(path).catch(unlessMissing(undefined));
    this.#refuseOther(path, entry);
    await unlock(path, entry);
    if (level > mostLevels) return this.#moveUp(path);
    await this.empty(path, level);
    await rmdir(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  #refuseOther(path: Buffer, { dev }: Stats): void {
    if (dev !== this.#device) throw new Error(`${path.toString()} lies on another file system than ${this.#root.toString()}; it is left alone`);
  }

  async #moveUp(path: Buffer): Promise<void> {
    for (;;) {
      try {
        return await rename(path, join(this.#root, Buffer.from(`..deep-${this.#moved++}`)));
      } catch (error) {
        // Another thing has this name.
        if (!['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
      }
    }
  }
}
