import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { removeTree } from '#core/agent/volumes/system/remove-tree.ts';
import { errorCode, unlessMissing } from '#core/agent/volumes/system/error-code.ts';

export interface FileContent {
  readonly data: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /** Owner, where it is not this process's user. */
  readonly user?: number;
}

/** By path relative to the volume's root. */
export type Payload = ReadonlyMap<string, FileContent>;

export interface Owner {
  /** Group of files and folders (`fsGroup`); this process's own when undefined. */
  readonly group?: number;
}

const data = '..data';
const nextData = '..data_tmp';
const generation = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.[0-9a-f]+$/;
const longestName = 255;
const longestPath = 4096;

/**
 * Puts files into a folder, all at once for who reads them: the files lie in a folder of their own, `..data` is a link to that, and what
 * is seen are links through `..data`. So renaming one link changes everything, as upstream's AtomicWriter does, whose layout this is.
 * One call at a time for a folder. Whatever a killed call leaves behind, the next one repairs or removes.
 * @returns whether anything changed
 * @throws {RangeError} for a path that leads out of the folder, or where a file and a folder have the same name
 */
export async function writeAtomically(folder: string, payload: Payload, now: number, owner: Owner = {}): Promise<boolean> {
  const files = checkedPayload(payload);
  const old = await readlink(join(folder, data)).catch(unlessMissing(undefined));
  const current = old !== undefined && generation.test(old) ? old : undefined;
  const isSame = current !== undefined && (await isWritten(join(folder, current), files, owner));
  if (!isSame) await replace(folder, files, now, owner);
  await showLinks(folder, files);
  await removeOthers(folder);
  return !isSame;
}

async function replace(folder: string, files: Payload, now: number, owner: Owner): Promise<void> {
  const stamp = new Date(now).toISOString().replace('T', '_').replaceAll(/[-:]/g, '_').slice(0, 19);
  const name = `..${stamp}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFiles(join(folder, name), files, owner);
  } catch (error) {
    // On a full disk every attempt would leave some more.
    await removeTree(join(folder, name)).catch(() => undefined);
    throw error;
  }
  // Links that lead nowhere yet, so that whoever waits for `..data` to change finds them.
  await showLinks(folder, files);
  await unlink(join(folder, nextData)).catch(unlessMissing(undefined));
  await symlink(name, join(folder, nextData));
  await rename(join(folder, nextData), join(folder, data));
}

/** The payload with clean paths. */
function checkedPayload(payload: Payload): Payload {
  const files = new Map<string, FileContent>();
  for (const [path, content] of payload) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw new RangeError(`invalid path: ${problem}`);
    files.set(normalize(path).replace(/\/+$/, ''), content);
  }
  for (const path of files.keys()) {
    for (let above = dirname(path); above !== '.'; above = dirname(above)) {
      if (files.has(above)) throw new RangeError(`invalid path: ${above} is to be a file, and a folder for ${path}`);
    }
  }
  return files;
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty: ""';
  if (path.startsWith('/')) return `must be relative path: ${path}`;
  if (path.includes('\0')) return 'must not contain NUL';
  if (Buffer.byteLength(path) > longestPath) return `must be less than or equal to ${longestPath} characters`;
  const items = path.split('/');
  if (items.includes('..')) return `must not contain '..': ${path}`;
  if (items.some((item) => Buffer.byteLength(item) > longestName)) return `filenames must be less than or equal to ${longestName} characters`;
  const clean = normalize(path);
  if (clean.startsWith('..')) return `must not start with '..': ${path}`;
  return clean === '.' || clean === './' ? `must name a file: ${path}` : undefined;
}

async function isWritten(folder: string, files: Payload, owner: Owner): Promise<boolean> {
  const there = await readdir(folder, { recursive: true, withFileTypes: true }).catch(unlessMissing([]));
  if (there.filter((entry) => !entry.isDirectory()).length !== files.size) return false;
  for (const [path, content] of files) if (!(await holds(join(folder, path), content, owner))) return false;
  return true;
}

async function holds(path: string, { data: wanted, mode, user }: FileContent, { group }: Owner): Promise<boolean> {
  const found = await lstat(path).catch(unlessMissing(undefined));
  if (found === undefined || !found.isFile() || found.size !== wanted.length || (found.mode & 0o777) !== modeOf(mode, group)) return false;
  if (isRoot() && ((group !== undefined && found.gid !== group) || (user !== undefined && found.uid !== user))) return false;
  return (await readFile(path)).equals(wanted);
}

const isRoot = (): boolean => process.geteuid?.() === 0;

/** What a group owns, it may read. */
const modeOf = (mode: number, group: number | undefined): number => (mode & 0o777) | (group === undefined ? 0 : 0o440);

async function writeFiles(root: string, files: Payload, owner: Owner): Promise<void> {
  await makeFolder(root, owner);
  const folders = new Set(['.']);
  for (const [path, content] of files) {
    await makeFolders(root, dirname(path), folders, owner);
    const place = join(root, path);
    await writeFile(place, content.data, { flag: 'wx', mode: 0o600 });
    if (isRoot() && (owner.group !== undefined || content.user !== undefined)) await chown(place, content.user ?? -1, owner.group ?? -1);
    await chmod(place, modeOf(content.mode, owner.group));
  }
}

async function makeFolders(root: string, path: string, made: Set<string>, owner: Owner): Promise<void> {
  if (made.has(path)) return;
  await makeFolders(root, dirname(path), made, owner);
  await makeFolder(join(root, path), owner);
  made.add(path);
}

async function makeFolder(path: string, { group }: Owner): Promise<void> {
  await mkdir(path, { mode: 0o755 });
  if (isRoot() && group !== undefined) await chown(path, -1, group);
  await chmod(path, group === undefined || !isRoot() ? 0o755 : 0o2755);
}

const firstPart = (path: string): string => path.split('/', 1)[0] ?? path;

async function showLinks(folder: string, files: Payload): Promise<void> {
  for (const name of new Set([...files.keys()].map(firstPart))) {
    const target = join(data, name);
    const place = join(folder, name);
    if ((await readlink(place).catch(nothing)) === target) continue;
    // Nobody else writes here, but a pod with write access could have: its thing makes way.
    await removeTree(place);
    await symlink(target, place);
  }
}

function nothing(error: unknown): undefined {
  if (['ENOENT', 'EINVAL'].includes(errorCode(error) ?? '')) return undefined;
  throw error;
}

/** Removes older generations, those of calls that were killed, and links to files that are no more. */
async function removeOthers(folder: string): Promise<void> {
  const current = await readlink(join(folder, data));
  const names = new Set(await readdir(join(folder, current)));
  for (const name of await readdir(folder)) {
    if (name === data || name === current || names.has(name)) continue;
    if (generation.test(name) || name === nextData || (await readlink(join(folder, name)).catch(nothing)) === join(data, name)) await removeTree(join(folder, name));
  }
}
