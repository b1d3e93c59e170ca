import { mkdir, stat } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { unsupported } from '#core/agent/volumes/failures.ts';
import { quoted, type Layout } from '#core/agent/volumes/layout.ts';
import type { Operations } from '#core/agent/volumes/operations.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import { unlessMissing } from '#core/agent/volumes/system/error-code.ts';
import { mountAt } from '#core/agent/volumes/system/mount-table.ts';
import type { Mounter } from '#core/agent/volumes/system/mounter.ts';

export interface LocalRequest {
  readonly podUid: string;
  readonly volume: PersistentVolume;
  readonly path: string;
  readonly readOnly: boolean;
  /** Gives the files to the pod's group; with `mayBeDone` only if the folder shows that this was never finished. */
  readonly own: ((path: string, signal: AbortSignal, mayBeDone?: boolean) => Promise<void>) | undefined;
}

interface LocalMount {
  readonly options: readonly string[];
  readonly own: LocalRequest['own'];
  readonly fsType: string | undefined;
}

/**
 * A `local` PersistentVolume: a folder of this node, bound into the pod's own with the volume's mount options; the file system on a device, made if
 * there is none; or the device itself.
 */
export class LocalVolume {
  readonly #layout: Layout;
  readonly #mounter: Mounter;
  readonly #operations: Operations;

  constructor(layout: Layout, mounter: Mounter, operations: Operations) {
    this.#layout = layout;
    this.#mounter = mounter;
    this.#operations = operations;
  }

  async setUp({ podUid, volume, path, readOnly, own }: LocalRequest, signal: AbortSignal): Promise<PreparedVolume> {
    const { spec, metadata: { name } } = volume;
    const source = await this.#existing(path, signal);
    const found = await stat(source);
    if (spec.volumeMode === 'Block') {
      if (!found.isBlockDevice()) throw new Error(`path ${quoted(path)} is not a block device`);
      return { hostPath: source, kind: 'device', readOnly };
    }
    if (!found.isBlockDevice() && !found.isDirectory()) throw new Error(`path ${quoted(path)} is neither a directory nor a block device`);
    const target = this.#layout.volume(podUid, 'local-volume', name);
    const mount: LocalMount = { options: [...(readOnly ? ['ro'] : []), ...checked(spec.mountOptions ?? [])], own, fsType: spec.local?.fsType };
    const hostPath = await (found.isBlockDevice() ? this.#mounted(target, source, mount, signal) : this.#bound(target, source, mount, signal));
    return { hostPath, kind: 'filesystem', readOnly };
  }

  async #existing(path: string, signal: AbortSignal): Promise<string> {
    if (!isAbsolute(path) || path.includes('\0') || path.split('/').includes('..')) throw new Error(`local path ${quoted(path)} is not an absolute path without ".."`);
    const source = normalize(path);
    await this.#mounter.probe(source, signal);
    if ((await stat(source).catch(unlessMissing(undefined))) === undefined) throw new Error(`path ${quoted(path)} does not exist`);
    return source;
  }

  /** Each pod has a mount of its own of the one file system; so nothing is shared that would have to be undone after the last. */
  async #mounted(target: string, device: string, { options, own, fsType = 'ext4' }: LocalMount, signal: AbortSignal): Promise<string> {
    if (!this.#mounter.able) throw unsupported(`the file system on ${quoted(device)} cannot be mounted without root`);
    if (!fileSystems.has(fsType)) throw unsupported(`file system ${quoted(fsType)} is not supported for local volumes on this node, only ${[...fileSystems].join(', ')}`);
    return this.#operations.run(`local ${device}`, signal, async (bounded) => {
      if (mountAt(await this.#mounter.table(), target) !== undefined) {
        await own?.(target, bounded, true);
        return target;
      }
      if (!options.includes('ro')) await this.#mounter.formatIfBlank(device, fsType, bounded);
      await mkdir(target, { recursive: true, mode: 0o750 });
      await this.#mounter.device(device, target, fsType, options, bounded);
      await own?.(target, bounded);
      return target;
    });
  }

  async #bound(target: string, source: string, { options, own }: LocalMount, signal: AbortSignal): Promise<string> {
    if (!this.#mounter.able) return source;
    const isThere = mountAt(await this.#mounter.table(), target) !== undefined;
    if (isThere) {
      // A crash may have come before the options did.
      await this.#mounter.setOptions(target, options, signal);
      return target;
    }
    await own?.(source, signal);
    await mkdir(target, { recursive: true, mode: 0o750 });
    await this.#mounter.bind(source, target, options, signal);
    return target;
  }
}

const fileSystems = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs']);

const reserved = new Set(['bind', 'rbind', 'move', 'remount', 'shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate', 'unbindable', 'runbindable', 'helper', 'uhelper', 'loop']);

function checked(options: readonly string[]): readonly string[] {
  for (const option of options) {
    if (!/^[a-z][a-z0-9_]*(=[A-Za-z0-9_.:/+-]*)?$/.test(option) || reserved.has(option.split('=', 1)[0] ?? '')) throw new Error(`mount option ${quoted(option)} is not possible for a local volume`);
  }
  return options;
}
