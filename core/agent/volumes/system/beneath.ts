import { constants } from 'node:fs';
import { chmod, mkdir, open, readlink, type FileHandle } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { errorCode } from './error-code.ts';

/** A path that leads out of its folder, or nowhere. */
export class PathError extends Error {}

/** O_PATH of open(2), which Node has no name for: the thing itself, whatever it is, without opening what is in it. */
const pathOnly = 0o10000000;
const mostLinks = 40;

/** Leads to what was opened, whatever its name has come to mean since; for other processes of this user too. */
export const pathOfOpened = ({ fd }: FileHandle): string => `/proc/${process.pid}/fd/${fd}`;

const stepsOf = (path: string): string[] => path.split('/').filter((step) => step !== '' && step !== '.');

/**
 * Opens what the path means below the folder, going from opened folder to opened folder, so that who changes names meanwhile cannot lead it out. Links
 * are followed as long as they stay within. Folders that are missing are made, with the mode of the first. Linux only.
 * @returns to be closed by the caller
 * @throws {PathError} when the path leads out
 */
export async function openBeneath(folder: string, path: string): Promise<FileHandle> {
  if (isAbsolute(path) || path.includes('\0') || path.split('/').includes('..')) throw new PathError(`${JSON.stringify(path)} must be a relative path without ".."`);
  const root = await open(folder, pathOnly);
  const walk = new Walk(root, path, (await root.stat()).mode & 0o777);
  try {
    return await walk.toEnd();
  } catch (error) {
    await walk.close();
    throw error;
  }
}

class Walk {
  /** From the folder to where the walk is. */
  readonly #opened: FileHandle[];
  readonly #path: string;
  readonly #mode: number;
  #links = 0;

  constructor(root: FileHandle, path: string, mode: number) {
    this.#opened = [root];
    this.#path = path;
    this.#mode = mode;
  }

  async toEnd(): Promise<FileHandle> {
    const steps = stepsOf(this.#path).toReversed();
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      if (step === '..') await this.#up();
      else steps.push(...(await this.#down(step)).toReversed());
    }
    const last = this.#opened.pop();
    if (last === undefined) throw this.#leadsOut();
    await this.close();
    return last;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((handle) => handle.close()));
  }

  async #up(): Promise<void> {
    if (this.#opened.length < 2) throw this.#leadsOut();
    await this.#opened.pop()?.close();
  }

  /** The steps that a link adds to the way. */
  async #down(step: string): Promise<string[]> {
    const here = this.#opened.at(-1);
    if (here === undefined) throw this.#leadsOut();
    const place = `${pathOfOpened(here)}/${step}`;
    const next = await this.#enter(place);
    const isLink = ((await next.stat()).mode & constants.S_IFMT) === constants.S_IFLNK;
    if (!isLink) {
      this.#opened.push(next);
      return [];
    }
    await next.close();
    if (++this.#links > mostLinks) throw new PathError(`${JSON.stringify(this.#path)} leads through too many links`);
    const target = await readlink(place);
    if (isAbsolute(target)) throw this.#leadsOut();
    return stepsOf(target);
  }

  async #enter(place: string): Promise<FileHandle> {
    try {
      return await open(place, pathOnly | constants.O_NOFOLLOW);
    } catch (error) {
      if (errorCode(error) === 'ENOTDIR') throw new PathError(`${JSON.stringify(this.#path)} leads through something that is no folder`, { cause: error });
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    await mkdir(place, { mode: this.#mode }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    const made = await open(place, pathOnly | constants.O_NOFOLLOW);
    await this.#setMode(made);
    return made;
  }

  /** Whatever the umask says. */
  async #setMode(made: FileHandle): Promise<void> {
    if (((await made.stat()).mode & constants.S_IFMT) === constants.S_IFDIR) await chmod(pathOfOpened(made), this.#mode);
  }

  #leadsOut(): PathError {
    return new PathError(`${JSON.stringify(this.#path)} leads out of its volume`);
  }
}
