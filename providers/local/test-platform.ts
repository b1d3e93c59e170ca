import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { CreateVolumeRequest } from '#core/spi/volume-driver.ts';
import { runCommand } from '#plugins/volumes/block-device/block-device.module.ts';
import type { Files } from './files.ts';
import { FilesThread } from './files-thread.ts';
import { Kernel } from './kernel-state.ts';
import { readLoopDevices } from './loop-devices.ts';
import type { Machine } from './machine.ts';
import { LocalNodeVolumeDriver } from './node-volume-driver.ts';
import { LocalPools } from './pools.ts';
import { LocalVolumeDriver } from './volume-driver.ts';

export const MIB = 1024n ** 2n;
export const never = new AbortController().signal;

/** Images need no powers until they are mounted, so most tests run anywhere. */
const ableMachine: Machine = { mountLack: async () => undefined, enforceLack: async () => undefined };

export interface PlatformOptions {
  readonly poolSize?: bigint;
  readonly files?: Files;
  readonly machine?: Machine;
  readonly kernel?: Kernel;
  readonly log?: Logger;
}

/** As in the product. It keeps no process from its end. */
const thread = new FilesThread();

/** The drivers over folders of their own. `again` makes new ones over the same folders, as after a restart. */
export class Platform {
  readonly folder: string;
  readonly root: string;
  /** The one folder that a class may choose. */
  readonly other: string;
  readonly pools: LocalPools;
  readonly driver: LocalVolumeDriver;
  readonly node: LocalNodeVolumeDriver;

  constructor(folder: string, options: PlatformOptions) {
    const { files = thread.files, machine = ableMachine, kernel = new Kernel(), poolSize = 2048n * MIB, log = silentLogger } = options;
    this.folder = folder;
    this.root = join(folder, 'volumes');
    this.other = join(folder, 'other');
    this.pools = new LocalPools({ root: this.root, nodePaths: [this.other], poolSize }, files, systemClock, log);
    const parts = { pools: this.pools, kernel, machine, clock: systemClock, files, run: runCommand, nodeName: 'node-1' };
    this.driver = new LocalVolumeDriver(parts);
    this.node = new LocalNodeVolumeDriver(parts);
  }

  static async make(options: PlatformOptions = {}): Promise<Platform> {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-local-'));
    await mkdir(join(folder, 'other'), { mode: 0o700 });
    return new Platform(folder, options);
  }

  again(options: PlatformOptions = {}): Platform {
    return new Platform(this.folder, options);
  }

  /** The names of all that is stored: finished, half-made and half-removed. */
  async stored(): Promise<string[]> {
    const places = [this.root, this.other].flatMap((pool) => [pool, join(pool, '.creating'), join(pool, '.trash')]);
    const names = await Promise.all(places.map((place) => readdir(place).catch(() => [])));
    return names.flat().filter((name) => name !== '.creating' && name !== '.trash').sort();
  }

  /** Also what drivers that fail leave attached. */
  async remove(): Promise<void> {
    for (const loop of await readLoopDevices()) if (loop.image.startsWith(`${this.folder}/`)) await runCommand('losetup', ['--detach', loop.path], never);
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function volumeRequest(change: Partial<CreateVolumeRequest> = {}): CreateVolumeRequest {
  const uid = randomUUID();
  return {
    name: `pvc-${uid}`, owner: { namespace: 'default', name: 'claim', uid }, provisioner: 'local.keelson.dev',
    capacity: { required: 16n * MIB }, parameters: {}, use: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', mountOptions: [] }, ...change,
  };
}
