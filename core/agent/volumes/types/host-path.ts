import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import type { HostPathVolumeSource } from '#core/api/schema/core-v1/volumes.ts';
import { quoted } from '#core/agent/volumes/layout.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import { errorCode, unlessMissing } from '#core/agent/volumes/system/error-code.ts';
import type { Mounter } from '#core/agent/volumes/system/mounter.ts';
import type { VolumeOf, VolumePlugin } from '#core/agent/volumes/volume-plugin.ts';

interface TypeCheck {
  readonly words: string;
  readonly holds: (found: Stats) => boolean;
  readonly make?: (path: string) => Promise<void>;
}

const makeFolder = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o755 });
};

const makeFile = async (path: string): Promise<void> => {
  try {
    await using file = await open(path, 'wx', 0o644);
    await file.chmod(0o644);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
};

const folder = { words: 'a directory', holds: (found: Stats) => found.isDirectory() };
const file = { words: 'a file', holds: (found: Stats) => found.isFile() };
const types: ReadonlyMap<string, TypeCheck> = new Map<string, TypeCheck>([
  // The type that checks nothing: container engines differ in what they do with what is not there.
  ['', { words: '', holds: () => true, make: makeFolder }],
  ['Directory', folder],
  ['DirectoryOrCreate', { ...folder, make: makeFolder }],
  ['File', file],
  ['FileOrCreate', { ...file, make: makeFile }],
  ['Socket', { words: 'a socket file', holds: (found) => found.isSocket() }],
  ['CharDevice', { words: 'a character device', holds: (found) => found.isCharacterDevice() }],
  ['BlockDevice', { words: 'a block device', holds: (found) => found.isBlockDevice() }],
]);

/** Something of the node itself, as it is. Nothing is to be undone afterwards. */
export class HostPath implements VolumePlugin<'hostPath'> {
  readonly source = 'hostPath';
  readonly refreshed = false;
  readonly #mounter: Mounter;

  constructor(mounter: Mounter) {
    this.#mounter = mounter;
  }

  async setUp({ source }: VolumeOf<HostPathVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    return { hostPath: await this.check(source, signal), kind: 'filesystem', readOnly: false };
  }

  /** The path, once what shall be there is there. @throws {Error} worded as upstream's */
  async check({ path, type = '' }: HostPathVolumeSource, signal: AbortSignal): Promise<string> {
    if (!isAbsolute(path) || path.includes('\0') || path.split('/').includes('..')) throw new Error(`hostPath ${quoted(path)} is not an absolute path without ".."`);
    const place = normalize(path);
    const check = types.get(type);
    if (check === undefined) throw new Error(`${quoted(type)} is an invalid volume type`);
    await this.#mounter.probe(place, signal);
    if ((await stat(place).catch(unlessMissing(undefined))) === undefined) await check.make?.(place);
    const found = await stat(place).catch(unlessMissing(undefined));
    if (found === undefined || !check.holds(found)) throw new Error(`hostPath type check failed: ${path} is not ${check.words}`);
    return place;
  }
}
