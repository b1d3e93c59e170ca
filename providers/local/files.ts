import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rename, rm, rmdir, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, isMissing } from '#plugins/volumes/block-device/block-device.module.ts';

export interface Entry {
  readonly kind: 'folder' | 'file' | 'link' | 'other';
  readonly bytes: bigint;
  /** What it takes on the disk; less than `bytes` for a sparse file. */
  readonly allocated: bigint;
  readonly device: number;
  /** Others than its owner may write. */
  readonly openToOthers: boolean;
}

/**
 * The file operations of which volumes are made, few enough to be replaced by ones that fail or die at any step.
 * None follows a link in the last component of a path. What they make is for its owner only.
 */
export interface Files {
  /** Makes the folder and those above it, where missing. */
  ensureFolder(path: string): Promise<void>;
  /** Fails when the path exists. */
  makeFolder(path: string): Promise<void>;
  /** A new file with this text, on disk when it resolves. */
  writeNew(path: string, text: string): Promise<void>;
  /** A new file of so many bytes that takes no room, on disk when it resolves. */
  makeSparse(path: string, bytes: bigint): Promise<void>;
  /** Makes a file longer, without taking room; one that is long enough stays. On disk when it resolves. */
  lengthen(path: string, bytes: bigint): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** Makes durable which entries the folder has. */
  syncFolder(path: string): Promise<void>;
  /** With everything below; resolves when there is nothing. */
  remove(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  /** Undefined when there is nothing. */
  entry(path: string): Promise<Entry | undefined>;
  /** Undefined when there is nothing. */
  readText(path: string): Promise<string | undefined>;
  realpath(path: string): Promise<string>;
  /** `buildFolder` in one step, where somebody else takes them all. */
  build?(path: string, contents: Readonly<Record<string, Content>>): Promise<void>;
  /** Of the file system on which the path is, in bytes. */
  space(path: string): Promise<{ readonly total: bigint; readonly available: bigint }>;
}

/** What a folder is made with: a file with a text, a sparse one of so many bytes, or an empty folder. */
export type Content = { readonly text: string } | { readonly bytes: bigint } | 'folder';

/** Makes a folder with all that is to be in it, on disk when it resolves. */
export async function buildFolder(files: Files, path: string, contents: Readonly<Record<string, Content>>): Promise<void> {
  await files.makeFolder(path);
  const parts = await Promise.allSettled(Object.entries(contents).map(([name, content]) => {
    const place = join(path, name);
    if (content === 'folder') return files.makeFolder(place);
    return 'text' in content ? files.writeNew(place, content.text) : files.makeSparse(place, content.bytes);
  }));
  // All must have ended before a failure of one is acted upon, or the others would write into what is being cleared away.
  for (const part of parts) if (part.status === 'rejected') throw part.reason;
  await files.syncFolder(path);
}

const MAX_TEXT = 16 * 1024;

export const diskFiles: Files = {
  async ensureFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  makeFolder: (path) => mkdir(path, { mode: 0o700 }),
  async writeNew(path, text) {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
  },
  async makeSparse(path, bytes) {
    await using file = await open(path, 'wx', 0o600);
    await file.truncate(Number(bytes));
    await file.sync();
  },
  async lengthen(path, bytes) {
    await using file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
    if ((await file.stat({ bigint: true })).size < bytes) await file.truncate(Number(bytes));
    await file.sync();
  },
  move: rename,
  async syncFolder(path) {
    await using folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    await folder.sync();
  },
  remove,
  list: (path) => readdir(path),
  async entry(path) {
    try {
      const found = await lstat(path);
      return {
        kind: found.isDirectory() ? 'folder' : found.isFile() ? 'file' : found.isSymbolicLink() ? 'link' : 'other',
        bytes: BigInt(found.size), allocated: BigInt(found.blocks) * 512n, device: found.dev, openToOthers: (found.mode & 0o022) !== 0,
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async readText(path) {
    try {
      await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const buffer = Buffer.allocUnsafe(MAX_TEXT + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      if (bytesRead > MAX_TEXT) throw new Error(`${path} is longer than ${MAX_TEXT} bytes`);
      return buffer.toString('utf8', 0, bytesRead);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  realpath: (path) => realpath(path),
  async space(path) {
    const { bsize, blocks, bavail } = await statfs(path, { bigint: true });
    return { total: blocks * bsize, available: bavail * bsize };
  },
};

async function remove(path: string): Promise<void> {
  const found = await diskFiles.entry(path);
  if (found === undefined) return;
  // Names below the path may be used only once it is known to be no link.
  if (found.kind !== 'folder') return unlink(path);
  try {
    // The general removal costs several times these three calls, which empty the folder of a usual volume.
    await unlinkAll(path, ['volume.img', 'volume.json']);
    await rmdir(path);
  } catch (error) {
    if (isMissing(error)) return;
    if (!['ENOTEMPTY', 'EEXIST', 'EISDIR', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
    await rm(path, { recursive: true, force: true });
  }
}

async function unlinkAll(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await unlink(join(folder, name)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}
