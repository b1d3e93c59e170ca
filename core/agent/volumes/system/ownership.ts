import { constants } from 'node:fs';
import { chmod, chown, lchown, open, readdir, type FileHandle } from 'node:fs/promises';
import { unlessMissing } from './error-code.ts';

export interface Ownership {
  /** Group that files get (`fsGroup`). */
  readonly group: number;
  readonly readOnly: boolean;
  /** Leave all as it is when the folder itself is right already (`fsGroupChangePolicy`). */
  readonly onRootMismatch: boolean;
}

const setGroupId = 0o2000;
const maskFor = (isFolder: boolean, readOnly: boolean): number => (readOnly ? 0o440 : 0o660) | (isFolder ? setGroupId | 0o110 : 0);

/** Mode that a file or folder gets so that the group can use it. */
export const sharedMode = (mode: number, isFolder: boolean, readOnly: boolean): number => (mode & 0o7777) | maskFor(isFolder, readOnly);

/** O_PATH of open(2), which Node has no name for: the file itself, whatever it is, without opening what is in it. */
const pathOnly = 0o10000000;

/** Such a path leads to the opened file itself, whatever its name has come to mean since. */
const same = ({ fd }: FileHandle, name?: Buffer): Buffer => Buffer.concat([Buffer.from(`/proc/self/fd/${fd}`), ...(name === undefined ? [] : [Buffer.from('/'), name])]);

/** Deeper folders keep their owner: each level holds a file open. */
const mostLevels = 500;

/**
 * Gives a volume's files to a group, as upstream's SetVolumeOwnership: group, read and write for it, and folders whose new files get the group too.
 * It walks from opened folder to opened folder and never follows a link, so a pod that swaps names meanwhile leads it nowhere.
 * Linux only. @throws {Error} of the system, such as EPERM without root
 */
export async function applyOwnership(path: string, ownership: Ownership, signal: AbortSignal): Promise<void> {
  await using root = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const { gid, mode, dev } = await root.stat();
  const mask = maskFor(true, ownership.readOnly);
  if (ownership.onRootMismatch && gid === ownership.group && (mode & mask) === mask) return;
  await new Walk(ownership, dev, signal).folder(root, 0);
  // Last, so that a walk that was interrupted is seen as one by OnRootMismatch.
  await chown(same(root), -1, ownership.group);
  await chmod(same(root), sharedMode(mode, true, ownership.readOnly));
}

class Walk {
  readonly #ownership: Ownership;
  readonly #device: number;
  readonly #signal: AbortSignal;

  constructor(ownership: Ownership, device: number, signal: AbortSignal) {
    this.#ownership = ownership;
    this.#device = device;
    this.#signal = signal;
  }

  async folder(folder: FileHandle, level: number): Promise<void> {
    if (level > mostLevels) return;
    for (const name of await readdir(same(folder), { encoding: 'buffer' })) {
      this.#signal.throwIfAborted();
      const place = same(folder, name);
      await using entry = await open(place, pathOnly | constants.O_NOFOLLOW).catch(unlessMissing(undefined));
      if (entry !== undefined) await this.#entry(entry, place, level);
    }
  }

  async #entry(entry: FileHandle, place: Buffer, level: number): Promise<void> {
    const { group, readOnly } = this.#ownership;
    const { mode, dev, gid } = await entry.stat();
    if (dev !== this.#device) return;
    if ((mode & constants.S_IFMT) === constants.S_IFLNK) return lchown(place, -1, group).catch(unlessMissing(undefined));
    const isFolder = (mode & constants.S_IFMT) === constants.S_IFDIR;
    if (isFolder) {
      await using folder = await open(same(entry), constants.O_RDONLY | constants.O_DIRECTORY);
      await this.folder(folder, level + 1);
    }
    const wanted = sharedMode(mode, isFolder, readOnly);
    if (gid === group && wanted === (mode & 0o7777)) return;
    await chown(same(entry), -1, group);
    // After the owner: that takes setuid and setgid away.
    await chmod(same(entry), wanted);
  }
}
