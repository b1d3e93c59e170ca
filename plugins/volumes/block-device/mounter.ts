import { mkdir, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { ProviderError } from '#core/spi/errors.ts';
import type { RunCommand } from './commands.ts';
import { errorCode, isMissing, kindOf, quoted } from './paths.ts';

/** Most mounts of one volume on one path that are undone: each repetition of a crashed caller may have added one. */
const MOST_LAYERS = 16;

/** `-o` options that would make of the mount something else than the volume at its path. */
const reserved = new Set(['bind', 'rbind', 'move', 'remount', 'loop', 'offset', 'sizelimit', 'shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate', 'unbindable', 'runbindable', 'user', 'users', 'owner', 'group', 'helper', 'uhelper']);

/** Mounts and unmounts by the machine's own programs. */
export class Mounter {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  async device(device: string, path: string, fsType: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#mount(['-t', fsType, ...optionList(options), device, path], signal);
  }

  async bind(source: string, path: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#mount(optionList(['bind', ...options]).concat(source, path), signal);
  }

  /** For a bind mount that was to be read-only and was interrupted before it became so. */
  async makeReadOnly(path: string, signal: AbortSignal): Promise<void> {
    await this.#mount(['-o', 'remount,bind,ro', path], signal);
  }

  /** `isOurs` tells, looking anew each time, whether the volume is still what lies on top at this path. */
  async unmountAll(path: string, isOurs: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    for (let layer = 0; await isOurs(); layer++) {
      if (layer === MOST_LAYERS) throw new ProviderError('Unavailable', `${path} is still mounted after ${MOST_LAYERS} unmounts`);
      const result = await this.#run('umount', [path], signal);
      if (result.exitCode !== 0) throw new ProviderError('Unavailable', `${path} could not be unmounted: ${result.complaint}`);
    }
  }

  async #mount(args: readonly string[], signal: AbortSignal): Promise<void> {
    const result = await this.#run('mount', args, signal);
    if (result.exitCode !== 0) throw new ProviderError('Unavailable', `mount ${args.join(' ')} failed: ${result.complaint}`);
  }
}

const optionList = (options: readonly string[]): string[] => (options.length === 0 ? [] : ['-o', options.join(',')]);

/** @param of whose options they are, for the message: `a local volume` @throws {ProviderError} Invalid */
export function checkMountOptions(options: readonly string[], of: string): void {
  for (const option of options) {
    const [name = ''] = option.split('=');
    if (!/^[a-z][a-z0-9_]*(=[A-Za-z0-9_.:/+-]*)?$/.test(option) || reserved.has(name)) throw new ProviderError('Invalid', `mount option ${quoted(option)} is not possible for ${of}`);
  }
}

/** The folder or empty file on which a volume is mounted for a pod. @throws {ProviderError} Invalid */
export async function makeTarget(path: string, kind: 'folder' | 'file'): Promise<void> {
  const found = await kindOf(path);
  if (found === kind) return;
  if (found !== 'nothing') throw new ProviderError('Invalid', `${path} is there already and is a ${found}, not a ${kind}`);
  if (kind === 'folder') await mkdir(path, { mode: 0o750 });
  else await writeFile(path, '', { flag: 'wx', mode: 0o600 });
}

/** Removes what `makeTarget` made, and nothing that holds anything. @throws {ProviderError} Invalid */
export async function removeTarget(path: string): Promise<void> {
  const found = await kindOf(path);
  if (found === 'nothing') return;
  try {
    if (found === 'folder') return await rmdir(path);
    if (found === 'file' && (await stat(path)).size === 0) return await unlink(path);
  } catch (error) {
    if (isMissing(error)) return;
    if (errorCode(error) !== 'ENOTEMPTY') throw error;
  }
  throw new ProviderError('Invalid', `nothing is mounted at ${path}, yet it holds something; it is left alone`);
}
