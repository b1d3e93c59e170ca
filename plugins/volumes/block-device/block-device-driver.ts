import { statfs } from 'node:fs/promises';
import type { Clock } from '#core/kernel/clock.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { NodeVolumeDriver, NodeVolumeExpander, PublishRequest, StageRequest, VolumeStats, VolumeUsage } from '#core/spi/volume-driver.ts';
import { runCommand, type RunCommand } from './commands.ts';
import { blockDeviceAt, blockDeviceNumbered, deviceNumberAt, wholeOf, type BlockDevice } from './devices.ts';
import { checkFsType, ensureFileSystem, grow, growUnmounted, hasRoomToGrow, ownMountOptions } from './file-systems.ts';
import type { FormatOptions } from './format-options.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { checkMountOptions, makeTarget, Mounter, removeTarget } from './mounter.ts';
import { isWithin, mountAt, readMounts, type Mount } from './mounts.ts';
import { classify, mountPlace, placeOf, quoted, stagingPlace } from './paths.ts';

/** What a volume's platform told of it, when it was made and when it was attached. */
export type DeviceHints = Pick<StageRequest, 'volumeContext' | 'publishContext'>;

const noHints: DeviceHints = { volumeContext: {}, publishContext: {} };

/** Knows where a platform's volumes appear on a machine. */
export interface DeviceFinder {
  /** False for an id that the platform can never have given. */
  isVolumeId(text: string): boolean;
  /**
   * Path at which the volume's device is on this machine, or a link to it; undefined when it is not there, also when without hints it cannot be told.
   * @throws {ProviderError} Unavailable when another volume's device is in its place
   */
  find(volumeId: string, hints: DeviceHints, signal: AbortSignal): Promise<string | undefined>;
}

export interface BlockDeviceDriverParts {
  /** The driver's. */
  readonly name: string;
  readonly finder: DeviceFinder;
  readonly clock: Clock;
  /** Folder below which all mounts of the node are; those elsewhere are of other nodes of the computer. Everywhere when undefined. */
  readonly agentDir?: string | undefined;
  /** How an empty volume is formatted. @throws {ProviderError} Invalid */
  readonly format?: (volumeContext: Readonly<Record<string, string>>) => FormatOptions;
  readonly run?: RunCommand;
  /** How long a device may take to appear after the platform has attached it; 10 s by default. */
  readonly patienceMs?: number;
}

const pollMs = 200;

/**
 * Brings volumes to pods that a platform attaches to the machine as block devices. `stage` mounts the file system once, and makes it on an empty device;
 * `publish` binds it, or for `Block` the device itself, to where the pod looks. What is mounted is read from the kernel's tables, never remembered.
 */
export class BlockDeviceDriver implements NodeVolumeDriver, VolumeStats, NodeVolumeExpander {
  readonly name: string;
  readonly #parts: BlockDeviceDriverParts;
  readonly #run: RunCommand;
  readonly #mounter: Mounter;
  readonly #lock = new KeyedLock();
  readonly #mounts = new SharedRun(readMounts);

  constructor(parts: BlockDeviceDriverParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#run = parts.run ?? runCommand;
    this.#mounter = new Mounter(this.#run);
  }

  async stage(request: StageRequest, signal: AbortSignal): Promise<void> {
    const { volumeId, use, stagingPath } = request;
    const { fsType = '' } = use;
    await this.#bringing(request, signal, async () => {
      const place = await stagingPlace(stagingPath);
      const device = await this.#awaited(volumeId, request, signal);
      const mounts = await this.#mounts.run();
      if (await this.#mountedAt(place, mounts, volumeId, device)) return;
      if (use.volumeMode === 'Block') return;
      await this.#mountFileSystem({ device, fsType: fsType || 'ext4', mounts, place }, request, signal);
    });
  }

  async unstage(volumeId: string, stagingPath: string, signal: AbortSignal): Promise<void> {
    await this.#undo(volumeId, stagingPath, signal, async (place, device) => {
      const mounts = await this.#mounts.run();
      const there = mountAt(mounts, place);
      const shown = there === undefined ? device?.id : (await shownBy(there)).id;
      const user = shown === undefined ? undefined : await this.#userOf(shown, place, mounts);
      if (user !== undefined) throw new ProviderError('Unavailable', `volume ${volumeId} is still mounted at ${user.path}`);
      await this.#unmount(place, shown, signal);
    });
  }

  async publish(request: PublishRequest, signal: AbortSignal): Promise<void> {
    const { volumeId, use, readOnly, targetPath, stagingPath } = request;
    const isBlock = use.volumeMode === 'Block';
    await this.#bringing(request, signal, async () => {
      const place = await placeOf(targetPath);
      const device = await this.#found(volumeId, request, signal);
      if (device === undefined) throw new ProviderError('Unavailable', `the device of volume ${volumeId} is not on this machine`);
      if (isBlock && readOnly && !device.readOnly) throw new ProviderError('Invalid', `volume ${volumeId} cannot be published read-only: a device can be written to however it is mounted`);
      const mounts = await this.#mounts.run();
      const there = await this.#mountedAt(place, mounts, volumeId, device);
      if (there) return this.#finishPublishing(request, place, there, signal);
      const source = isBlock ? device.path : await placeOf(stagingPath);
      if (!isBlock && !(await this.#mountedAt(source, mounts, volumeId, device))) throw new ProviderError('Unavailable', `volume ${volumeId} is not staged at ${stagingPath}`);
      await makeTarget(place, isBlock ? 'file' : 'folder');
      try {
        await this.#mounter.bind(source, place, readOnly ? ['ro'] : [], signal);
      } catch (error) {
        await removeTarget(place).catch(() => undefined);
        throw error;
      }
    });
  }

  async unpublish(volumeId: string, targetPath: string, signal: AbortSignal): Promise<void> {
    await this.#undo(volumeId, targetPath, signal, async (place) => {
      const there = mountAt(await this.#mounts.run(), place);
      await this.#unmount(place, there === undefined ? undefined : (await shownBy(there)).id, signal);
      await removeTarget(place);
    });
  }

  async usage(volumeId: string, path: string, signal: AbortSignal): Promise<VolumeUsage> {
    const shown = await this.#shownAt(volumeId, path, signal);
    if (shown === undefined) throw new ProviderError('NotFound', `volume ${quoted(volumeId)} is not mounted at ${quoted(path)}`);
    if (!shown.isNode) return fileSystemUsage(path);
    // What a pod writes on a device is its own matter.
    const total = (await blockDeviceNumbered(shown.id))?.bytes ?? 0n;
    return { bytes: { total, used: total, available: 0n } };
  }

  async expandOnNode(volumeId: string, path: string, signal: AbortSignal): Promise<void> {
    await this.#exclusive(volumeId, signal, async () => {
      const shown = await this.#shownAt(volumeId, path, signal);
      if (shown === undefined) return this.#checkHasNoFileSystem(volumeId, path, signal);
      const device = shown.isNode ? undefined : await blockDeviceNumbered(shown.id);
      if (device !== undefined && await hasRoomToGrow(device)) await grow(device, path, `volume ${volumeId}`, this.#run, signal);
    });
  }

  /** A device that a pod has grows by itself, and is not where it was staged. @throws {ProviderError} NotFound */
  async #checkHasNoFileSystem(volumeId: string, path: string, signal: AbortSignal): Promise<void> {
    const device = await this.#found(volumeId, noHints, signal);
    const user = device === undefined ? undefined : await this.#userOf(device.id, path, await this.#mounts.run());
    if (user === undefined || !(await shownBy(user)).isNode) throw new ProviderError('NotFound', `volume ${quoted(volumeId)} is not mounted at ${quoted(path)}`);
  }

  async #mountFileSystem({ device, fsType, mounts, place }: { readonly device: BlockDevice; readonly fsType: string; readonly mounts: readonly Mount[]; readonly place: string }, { volumeId, use, volumeContext }: StageRequest, signal: AbortSignal): Promise<void> {
    const what = `volume ${volumeId}`;
    const format = this.#parts.format?.(volumeContext) ?? {};
    const readOnly = device.readOnly || use.mountOptions.includes('ro');
    // Mounted for somebody, it is neither empty nor to be repaired.
    if (!mounts.some((mount) => mount.device === device.id)) {
      await ensureFileSystem({ device, fsType, format, what }, this.#run, signal);
      if (!readOnly) await growUnmounted(device, what, this.#run, signal);
    }
    await this.#mounter.device(device.path, place, fsType, [...ownMountOptions(fsType, device.readOnly), ...use.mountOptions], signal);
    // A copy may be larger than what it was made of; and a volume may have grown while no machine had it.
    if (!readOnly && await hasRoomToGrow(device)) await grow(device, place, what, this.#run, signal);
  }

  /** Runs work on a volume that must be one. */
  async #bringing(request: StageRequest, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { volumeId, use } = request;
    await this.#exclusive(volumeId, signal, async () => {
      const { fsType = '', mountOptions, volumeMode } = use;
      if (!this.#parts.finder.isVolumeId(volumeId)) throw new ProviderError('NotFound', `there is no volume ${quoted(volumeId)} of ${this.name}`);
      if (volumeMode === 'Filesystem' && fsType !== '') checkFsType(fsType, `volume ${volumeId}`);
      checkMountOptions(mountOptions, `a volume of ${this.name}`);
      await work();
    });
  }

  /** Runs work on a path that is there and has this volume or nothing. */
  async #undo(volumeId: string, path: string, signal: AbortSignal, work: (place: string, device: BlockDevice | undefined) => Promise<void>): Promise<void> {
    const place = await mountPlace(path);
    if (place === undefined) return;
    await this.#exclusive(volumeId, signal, async () => {
      const device = await this.#found(volumeId, noHints, signal).catch((error: unknown) => {
        // Another device in its place says nothing of what is mounted.
        if (ProviderError.is(error, 'Unavailable')) return undefined;
        throw error;
      });
      await this.#mountedAt(place, await this.#mounts.run(), volumeId, device);
      await work(place, device);
    });
  }

  async #exclusive(volumeId: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#lock.run(volumeId, signal, work);
    } catch (error) {
      throw classify(error, `mounting or unmounting volume ${quoted(volumeId)}`);
    }
  }

  /** The volume's device; undefined while it is not there. */
  async #found(volumeId: string, hints: DeviceHints, signal: AbortSignal): Promise<BlockDevice | undefined> {
    const { finder } = this.#parts;
    if (!finder.isVolumeId(volumeId)) return undefined;
    const path = await finder.find(volumeId, hints, signal);
    return path === undefined ? undefined : blockDeviceAt(path);
  }

  /** A machine shows a device a little after its platform has attached it. @throws {ProviderError} Unavailable */
  async #awaited(volumeId: string, hints: DeviceHints, signal: AbortSignal): Promise<BlockDevice> {
    const { clock, patienceMs = 10_000 } = this.#parts;
    for (const deadline = clock.now() + patienceMs; ; await clock.sleep(pollMs, signal)) {
      const last = clock.now() >= deadline;
      const found = await this.#found(volumeId, hints, signal).catch((error: unknown) => {
        if (!last && ProviderError.is(error, 'Unavailable')) return undefined;
        throw error;
      });
      if (found !== undefined) return found;
      if (last) throw new ProviderError('Unavailable', `the device of volume ${volumeId} has not appeared on this machine in ${patienceMs / 1000} seconds`);
    }
  }

  /** The volume's mount at this place. @throws {ProviderError} Invalid when something else is mounted there */
  async #mountedAt(place: string, mounts: readonly Mount[], volumeId: string, device: BlockDevice | undefined): Promise<Mount | undefined> {
    const mount = mountAt(mounts, place);
    if (mount !== undefined && !(await this.#isOf(volumeId, device, await shownBy(mount)))) throw new ProviderError('Invalid', `something else than volume ${quoted(volumeId)} is mounted at ${place}`);
    return mount;
  }

  async #isOf(volumeId: string, device: BlockDevice | undefined, { id }: Shown): Promise<boolean> {
    if (!this.#parts.finder.isVolumeId(volumeId)) return false;
    // Where its device is gone, or cannot be told without hints, anything of a device may be the volume.
    if (device === undefined) return !id.startsWith('0:');
    // Without the hints of its stage a volume's device is the whole one, also when a partition is mounted.
    return id === device.id || await wholeOf(id) === device.id;
  }

  /** Where else on this node the device is mounted, or itself is shown to a pod. */
  async #userOf(shown: string, place: string, mounts: readonly Mount[]): Promise<Mount | undefined> {
    const { agentDir } = this.#parts;
    for (const mount of mounts) {
      if (mount.path === place || agentDir !== undefined && !isWithin(mount.path, agentDir)) continue;
      if ((await shownBy(mount)).id === shown) return mount;
    }
    return undefined;
  }

  /** What of the volume is at the path; undefined when it is not there. */
  async #shownAt(volumeId: string, path: string, signal: AbortSignal): Promise<Shown | undefined> {
    signal.throwIfAborted();
    const place = await mountPlace(path);
    const device = await this.#found(volumeId, noHints, signal);
    const mount = place === undefined ? undefined : mountAt(await this.#mounts.run(), place);
    const shown = mount === undefined ? undefined : await shownBy(mount);
    return shown !== undefined && await this.#isOf(volumeId, device, shown) ? shown : undefined;
  }

  async #finishPublishing({ volumeId, readOnly, targetPath }: PublishRequest, place: string, there: Mount, signal: AbortSignal): Promise<void> {
    if (there.readOnly && !readOnly) throw new ProviderError('Invalid', `${targetPath} has volume ${volumeId} already, read-only`);
    if (readOnly && !there.readOnly) await this.#mounter.makeReadOnly(place, signal);
  }

  async #unmount(place: string, shown: string | undefined, signal: AbortSignal): Promise<void> {
    if (shown === undefined) return;
    const isOurs = async (): Promise<boolean> => {
      const mount = mountAt(await this.#mounts.run(), place);
      return mount !== undefined && (await shownBy(mount)).id === shown;
    };
    await this.#mounter.unmountAll(place, isOurs, signal);
  }
}

/** A device of which a mount shows something. */
interface Shown {
  /** `major:minor` */
  readonly id: string;
  /** The device itself is there, not its file system. */
  readonly isNode: boolean;
}

async function shownBy(mount: Mount): Promise<Shown> {
  // Only files of a device folder can be devices; elsewhere the first look at a file may wait for another machine.
  const mayBeNode = (mount.fsType === 'devtmpfs' || mount.fsType === 'tmpfs') && mount.root !== '/';
  const node = mayBeNode ? await deviceNumberAt(mount.path) : undefined;
  return { id: node ?? mount.device, isNode: node !== undefined };
}

export async function fileSystemUsage(path: string): Promise<VolumeUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path, { bigint: true });
  return {
    bytes: { total: blocks * bsize, used: (blocks - bfree) * bsize, available: bavail * bsize },
    inodes: { total: files, used: files - ffree, available: ffree },
  };
}
