import { mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { CreateVolumeRequest, Volume } from '#core/spi/volume-driver.ts';
import { LoopDisks } from '#test/cloud-machines/loop-disks.ts';
import { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { BlockDeviceDriver, type BlockDeviceDriverParts, type DeviceFinder } from './block-device-driver.ts';
import { readMounts } from './mounts.ts';
import { followed } from './devices.ts';

/** Volumes that are loop devices from the moment they are made, and the node's side that finds them in a folder of links. */
export class TestDisks extends MemoryVolumeDriver {
  readonly folder: string;
  readonly disks: LoopDisks;
  readonly finder: DeviceFinder = {
    isVolumeId: (text) => /^vol-pvc-[a-z0-9-]{1,60}$/.test(text),
    find: (volumeId) => followed(this.link(volumeId)),
  };

  constructor(folder: string) {
    super({ name: 'disks.test' });
    this.folder = folder;
    this.disks = new LoopDisks(join(folder, 'disks'));
  }

  static async make(): Promise<TestDisks> {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-disks-'));
    await mkdir(join(folder, 'links'));
    return new TestDisks(folder);
  }

  node(parts: Partial<BlockDeviceDriverParts> = {}): BlockDeviceDriver {
    return new BlockDeviceDriver({ name: this.name, finder: this.finder, clock: systemClock, patienceMs: 0, ...parts });
  }

  link(volumeId: string): string {
    return join(this.folder, 'links', volumeId);
  }

  override async create(request: CreateVolumeRequest, signal: AbortSignal): Promise<Volume> {
    const volume = await super.create(request, signal);
    await this.plugIn(volume.id, volume.capacity);
    return volume;
  }

  async plugIn(volumeId: string, bytes: bigint): Promise<string> {
    const { device } = await this.disks.insert(volumeId, Number(bytes));
    await rm(this.link(volumeId), { force: true });
    await symlink(device, this.link(volumeId)).catch(() => undefined);
    return device;
  }

  async pullOut(volumeId: string): Promise<void> {
    await rm(this.link(volumeId), { force: true });
    await this.disks.eject(volumeId);
  }

  override async delete(id: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.finder.isVolumeId(id)) {
      const device = await readlink(this.link(id)).catch(() => undefined);
      if (device !== undefined && await isMounted(device)) throw new ProviderError('Unavailable', `volume ${id} is mounted`);
      await this.pullOut(id);
      await this.disks.discard(id);
    }
    await super.delete(id, signal);
  }

  async remove(): Promise<void> {
    for (const name of await readdir(join(this.folder, 'links'))) await rm(join(this.folder, 'links', name));
    await this.disks.discardAll();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function isMounted(device: string): Promise<boolean> {
  const name = device.slice('/dev'.length);
  const number = `7:${/\d+$/.exec(device)?.[0]}`;
  return (await readMounts()).some((mount) => mount.device === number || (mount.root === name && mount.fsType === 'devtmpfs'));
}
