import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface CompileCacheBounds {
  /** What the whole folder may take of the disk, in bytes; what was used longest ago goes first, down to three quarters of it. */
  readonly bytes: number;
  /** How long code is kept that is not used. */
  readonly keepMs: number;
  /** The same for code of other versions of Node, which this one cannot use. */
  readonly keepOthersMs: number;
  /** The folder is looked through at most so often, by whichever process. */
  readonly everyMs: number;
}

const hour = 3600_000;
/** Most entries are shorter than what a file system gives them. */
const blockBytes = 4096;
const usual: CompileCacheBounds = { bytes: 96 << 20, keepMs: 7 * 24 * hour, keepOthersMs: 24 * hour, everyMs: hour };

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
  readonly isOther: boolean;
}

/** What Node writes into `NODE_COMPILE_CACHE` it never removes: a file for each path that was ever compiled, in a folder for each version of Node and set of flags. */
export async function pruneCompileCache(folder: string | undefined, bounds: CompileCacheBounds = usual, now = Date.now()): Promise<void> {
  // Somebody else's folder is not ours to tidy.
  if (folder === undefined || basename(folder) !== 'keelson' || basename(dirname(folder)) !== '.cache') return;
  try {
    const stamp = join(folder, 'pruned');
    if (now - (await changedAt(stamp)) < bounds.everyMs) return;
    await writeFile(stamp, '');
    await utimes(stamp, new Date(now), new Date(now));
    for (const { path } of unneeded(await entriesOf(folder), bounds, now)) await rm(path, { force: true });
  } catch {
    // Nothing depends on it, and other processes may be at it too.
  }
}

async function entriesOf(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const version of await readdir(folder, { withFileTypes: true })) {
    if (!version.isDirectory()) continue;
    const isOther = !version.name.startsWith(`${process.version}-${process.arch}-`);
    for (const name of await readdir(join(folder, version.name))) {
      const path = join(folder, version.name, name);
      const { size, atimeMs, mtimeMs } = await stat(path).catch(() => nothing);
      entries.push({ path, bytes: Math.ceil(size / blockBytes) * blockBytes, usedAt: Math.max(atimeMs, mtimeMs), isOther });
    }
  }
  return entries;
}

const nothing = { size: 0, atimeMs: Infinity, mtimeMs: Infinity };

function unneeded(entries: readonly Entry[], { bytes, keepMs, keepOthersMs }: CompileCacheBounds, now: number): Entry[] {
  const isOld = ({ usedAt, isOther }: Entry): boolean => now - usedAt > (isOther ? keepOthersMs : keepMs);
  const old = entries.filter(isOld);
  const rest = entries.filter((entry) => !isOld(entry));
  let total = sum(rest);
  if (total <= bytes) return old;
  const excess = rest.toSorted((a, b) => a.usedAt - b.usedAt).filter((entry) => {
    const goes = total > bytes * 0.75;
    if (goes) total -= entry.bytes;
    return goes;
  });
  return [...old, ...excess];
}

const sum = (entries: readonly Entry[]): number => entries.reduce((total, entry) => total + entry.bytes, 0);

const changedAt = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
