import { dirname } from 'node:path';
import type { LoopDevice } from './loop-devices.ts';
import { readLoopDevices } from './loop-devices.ts';
import type { StoredVolume } from './pool.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';
import { isWithin, locate, type Mount, readMounts } from '#plugins/volumes/block-device/block-device.module.ts';

/** What the kernel has attached and mounted. */
export interface KernelState {
  readonly loops: readonly LoopDevice[];
  readonly mounts: readonly Mount[];
}

/** Reads the state anew for each who asks; those who ask together share a reading, because it grows with all volumes in use. */
export class Kernel {
  readonly #reading: SharedRun<KernelState>;

  constructor(read: () => Promise<KernelState> = readState) {
    this.#reading = new SharedRun(read);
  }

  state(): Promise<KernelState> {
    return this.#reading.run();
  }
}

async function readState(): Promise<KernelState> {
  const [loops, mounts] = await Promise.all([readLoopDevices(), readMounts()]);
  return { loops, mounts };
}

export const loopOf = (volume: StoredVolume, state: KernelState): LoopDevice | undefined => state.loops.find((loop) => loop.image === volume.path);

/** True when the mount shows the volume: its file system, its device as a file, or its folder. */
export function showsVolume(mount: Mount, volume: StoredVolume, state: KernelState): boolean {
  if (volume.record.enforced && volume.record.volumeMode === 'Filesystem') {
    return state.loops.some((loop) => loop.image === volume.path && loop.device === mount.device);
  }
  const sources = volume.record.enforced ? state.loops.filter((loop) => loop.image === volume.path).map((loop) => loop.path) : [volume.path];
  return sources.some((source) => {
    const place = locate(state.mounts, source);
    return place !== undefined && place.device === mount.device && place.root === mount.root;
  });
}

/** What holds the volume or a part of it, in words; undefined when it may be removed. */
export function holderOf(volume: StoredVolume, state: KernelState): string | undefined {
  const folder = dirname(volume.path);
  const loop = loopOf(volume, state);
  if (loop !== undefined) return `it is attached as ${loop.path}`;
  const place = locate(state.mounts, folder);
  const mount = state.mounts.find((candidate) => isWithin(candidate.path, folder) ||
    (place !== undefined && candidate.device === place.device && isWithin(candidate.root, place.root)));
  return mount === undefined ? undefined : `it is mounted at ${mount.path}`;
}
