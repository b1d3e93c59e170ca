import { mkdir, readlink, realpath, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Layout } from './layout.ts';
import type { SubPathRequest } from './pod-volumes.ts';
import { openBeneath, PathError, pathOfOpened } from './system/beneath.ts';
import { errorCode, unlessMissing } from './system/error-code.ts';
import { isWithin } from './system/mount-table.ts';
import type { Mounter } from './system/mounter.ts';
import { removeTree } from './system/remove-tree.ts';

/**
 * Parts of volumes for single containers. What the path leads to is opened and then bound to a place of the agent's own by that opening, as upstream
 * does since CVE-2021-25741: the container engine is given a path that no pod can change. Where this process may not mount, the engine gets
 * the path itself.
 */
export class SubPaths {
  readonly #layout: Layout;
  readonly #mounter: Mounter;

  constructor(layout: Layout, mounter: Mounter) {
    this.#layout = layout;
    this.#mounter = mounter;
  }

  /** @throws {PathError} */
  async fix({ podUid, volume, container, index, hostPath, path }: SubPathRequest, signal: AbortSignal): Promise<string> {
    const target = this.#layout.subPath(podUid, volume, container, index);
    await this.#mounter.probe(hostPath, signal);
    if (process.platform !== 'linux') return unopened(hostPath, path);
    await using opened = await openBeneath(hostPath, path);
    if (!this.#mounter.able) return await readlink(pathOfOpened(opened));
    if (!(await isSame(opened, target))) await this.#bind(opened, target, signal);
    return target;
  }

  async #bind(opened: FileHandle, target: string, signal: AbortSignal): Promise<void> {
    await this.#mounter.unmountWithin(target, signal);
    await removeTree(target);
    await mkdir(dirname(target), { recursive: true, mode: 0o750 });
    if ((await opened.stat()).isDirectory()) await mkdir(target, { mode: 0o750 });
    else await writeFile(target, '', { flag: 'wx', mode: 0o600 });
    await this.#mounter.bindOpened(pathOfOpened(opened), target, signal);
  }
}

async function isSame(opened: FileHandle, target: string): Promise<boolean> {
  const [wanted, found] = [await opened.stat(), await stat(target).catch(unlessMissing(undefined))];
  return found !== undefined && found.dev === wanted.dev && found.ino === wanted.ino;
}

async function unopened(hostPath: string, path: string): Promise<string> {
  if (path.split('/').includes('..')) throw new PathError(`${JSON.stringify(path)} must be a relative path without ".."`);
  const root = await realpath(hostPath);
  const place = join(root, path);
  await mkdir(place, { recursive: true, mode: (await stat(root)).mode & 0o777 }).catch((error: unknown) => {
    if (!['EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
  });
  const found = await realpath(place);
  if (!isWithin(found, root)) throw new PathError(`${JSON.stringify(path)} leads out of its volume`);
  return found;
}
