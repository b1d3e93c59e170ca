import { ProviderError } from '#core/spi/errors.ts';
import type { NodeTopology, NodeTopologyReporter, NodeVolumeDriver, NodeVolumeExpander, PublishRequest, StageRequest, VolumeStats, VolumeUsage } from '#core/spi/volume-driver.ts';
import { blockDeviceAt, checkMountOptions, classify, fileSystemUsage, grow, growUnmounted, hasRoomToGrow, makeTarget, mountAt, Mounter, mountPlace, placeOf, quoted, removeTarget, stagingPlace, type Mount, type RunCommand } from '#plugins/volumes/block-device/block-device.module.ts';
import { prepareFileSystem } from './file-system.ts';
import type { Files } from './files.ts';
import type { Kernel, KernelState } from './kernel-state.ts';
import { loopOf, showsVolume } from './kernel-state.ts';
import { LoopAttacher } from './loop-attacher.ts';
import type { Machine } from './machine.ts';
import { HOSTNAME } from './parameters.ts';
import type { StoredVolume } from './pool.ts';
import type { LocalPools } from './pools.ts';
import { isVolumeName } from './safe-paths.ts';
import { DRIVER_NAME } from './volume-driver.ts';

export interface LocalNodeVolumeDriverParts {
  readonly pools: LocalPools;
  readonly kernel: Kernel;
  readonly machine: Machine;
  readonly files: Files;
  readonly run: RunCommand;
  readonly nodeName: string;
  /** See `LocalOptions`. */
  readonly agentDir?: string | undefined;
}

/** For putting back what an aborted call began. */
const neverAborted = new AbortController().signal;

/**
 * Brings local volumes to pods. `stage` attaches an image as a loop device and mounts its file system, or binds a plain folder;
 * `publish` binds what is staged, or for `Block` the device itself, to where the pod looks.
 */
export class LocalNodeVolumeDriver implements NodeVolumeDriver, NodeVolumeExpander, VolumeStats, NodeTopologyReporter {
  readonly name = DRIVER_NAME;
  readonly #parts: LocalNodeVolumeDriverParts;
  readonly #mounter: Mounter;
  readonly #loops: LoopAttacher;

  constructor(parts: LocalNodeVolumeDriverParts) {
    this.#parts = parts;
    this.#mounter = new Mounter(parts.run);
    this.#loops = new LoopAttacher(parts.run);
  }

  async stage(request: StageRequest, signal: AbortSignal): Promise<void> {
    await this.#withVolume(request, signal, async (volume) => {
      const place = await stagingPlace(request.stagingPath);
      const state = await this.#parts.kernel.state();
      if (mountedAt(place, volume, state) !== undefined) return;
      if (!volume.record.enforced) return this.#mounter.bind(volume.path, place, request.use.mountOptions, signal);
      const attached = loopOf(volume, state)?.path;
      const device = attached ?? await this.#loops.attach(volume.path, signal);
      try {
        if (volume.record.volumeMode === 'Block') return;
        if (!state.mounts.some((mount) => showsVolume(mount, volume, state))) {
          // It may have been attached before the volume grew.
          if (attached !== undefined) await this.#loops.refresh(attached, signal);
          await this.#prepareFileSystem(volume, device, signal);
        }
        await this.#mounter.device(device, place, 'ext4', request.use.mountOptions, signal);
      } catch (error) {
        // Its caller may never undo what failed, and an attached image cannot be deleted.
        if (attached === undefined) await this.#loops.detach(device, neverAborted).catch(() => undefined);
        throw error;
      }
    });
  }

  async unstage(volumeId: string, stagingPath: string, signal: AbortSignal): Promise<void> {
    await this.#undo(volumeId, stagingPath, signal, async (volume, place) => {
      if (volume === undefined) return;
      const state = await this.#parts.kernel.state();
      const elsewhere = state.mounts.find((mount) => mount.path !== place && showsVolume(mount, volume, state));
      const isOfThisNode = (path: string): boolean => this.#parts.agentDir === undefined || path.startsWith(`${this.#parts.agentDir}/`);
      if (elsewhere !== undefined && state.mounts.some((mount) => mount.path !== place && isOfThisNode(mount.path) && showsVolume(mount, volume, state))) {
        if (mountedAt(place, volume, state) === undefined) return;
        throw new ProviderError('Unavailable', `volume ${volumeId} is still mounted at ${elsewhere.path}`);
      }
      await this.#unmount(place, volume, signal);
      // Another node of this machine has it; the last one detaches it.
      if (elsewhere !== undefined) return;
      for (const loop of state.loops) if (loop.image === volume.path) await this.#loops.detach(loop.path, signal);
      const left = loopOf(volume, await this.#parts.kernel.state());
      if (left !== undefined) throw new ProviderError('Unavailable', `${left.path} of volume ${volumeId} is held open by another program`);
    });
  }

  async publish(request: PublishRequest, signal: AbortSignal): Promise<void> {
    await this.#withVolume(request, signal, async (volume) => {
      const isBlock = volume.record.volumeMode === 'Block';
      if (isBlock && request.readOnly) throw new ProviderError('Invalid', `volume ${request.volumeId} cannot be published read-only: a device can be written to however it is mounted`);
      const place = await placeOf(request.targetPath);
      const state = await this.#parts.kernel.state();
      const there = mountedAt(place, volume, state);
      if (there !== undefined) return this.#finishPublishing(request, place, there, signal);
      const source = isBlock ? loopOf(volume, state)?.path : await stagedAt(request.stagingPath, volume, state);
      if (source === undefined) throw new ProviderError('Unavailable', `volume ${request.volumeId} is not staged at ${request.stagingPath}`);
      await makeTarget(place, isBlock ? 'file' : 'folder');
      try {
        await this.#mounter.bind(source, place, request.readOnly ? ['ro'] : [], signal);
      } catch (error) {
        await removeTarget(place).catch(() => undefined);
        throw error;
      }
    });
  }

  async unpublish(volumeId: string, targetPath: string, signal: AbortSignal): Promise<void> {
    await this.#undo(volumeId, targetPath, signal, async (volume, place) => {
      if (volume !== undefined) await this.#unmount(place, volume, signal);
      await removeTarget(place);
    });
  }

  async expandOnNode(volumeId: string, path: string, signal: AbortSignal): Promise<void> {
    await this.#exclusive(volumeId, signal, async (volume) => {
      if (volume === undefined) throw noVolume(volumeId);
      if (!volume.record.enforced) return;
      const loop = loopOf(volume, await this.#parts.kernel.state());
      if (loop === undefined) throw new ProviderError('Unavailable', `volume ${volumeId} is not staged at ${path}`);
      await this.#loops.refresh(loop.path, signal);
      const device = volume.record.volumeMode === 'Filesystem' ? await blockDeviceAt(loop.path) : undefined;
      if (device !== undefined && await hasRoomToGrow(device)) await grow(device, path, `volume ${volumeId}`, this.#parts.run, signal);
    });
  }

  /** Of a device that is not mounted. */
  async #prepareFileSystem(volume: StoredVolume, path: string, signal: AbortSignal): Promise<void> {
    const { files, run } = this.#parts;
    await prepareFileSystem(volume, path, files, run, signal);
    const device = await blockDeviceAt(path);
    if (device !== undefined) await growUnmounted(device, `volume ${volume.record.name}`, run, signal);
  }

  async usage(volumeId: string, path: string, signal: AbortSignal): Promise<VolumeUsage> {
    signal.throwIfAborted();
    const volume = isVolumeName(volumeId) ? await this.#parts.pools.find(volumeId) : undefined;
    const place = await mountPlace(path);
    const state = await this.#parts.kernel.state();
    const mount = place === undefined ? undefined : mountAt(state.mounts, place);
    if (volume === undefined || mount === undefined || !showsVolume(mount, volume, state)) {
      throw new ProviderError('NotFound', `volume ${quoted(volumeId)} is not mounted at ${quoted(path)}`);
    }
    return volume.record.volumeMode === 'Block' ? this.#deviceUsage(volume) : fileSystemUsage(path);
  }

  async nodeTopology(signal: AbortSignal): Promise<NodeTopology> {
    signal.throwIfAborted();
    return { nodeId: this.#parts.nodeName, topology: { [HOSTNAME]: this.#parts.nodeName } };
  }

  /** Runs work on a volume that must be there, on a machine that must be able to. */
  async #withVolume(request: StageRequest, signal: AbortSignal, work: (volume: StoredVolume) => Promise<void>): Promise<void> {
    const { volumeId, use } = request;
    await this.#exclusive(volumeId, signal, async (volume) => {
      if (volume === undefined) throw noVolume(volumeId);
      const { enforced, volumeMode } = volume.record;
      if (use.fsType !== undefined && use.fsType !== '' && use.fsType !== 'ext4') throw new ProviderError('Invalid', `volume ${volumeId} has an ext4 file system, not ${quoted(use.fsType)}`);
      if (use.volumeMode !== volumeMode) throw new ProviderError('Invalid', `volume ${volumeId} was made with volumeMode ${volumeMode}, not ${use.volumeMode}`);
      checkMountOptions(use.mountOptions, 'a local volume');
      const lack = await (enforced ? this.#parts.machine.enforceLack() : this.#parts.machine.mountLack());
      if (lack !== undefined) throw new ProviderError('Invalid', `volume ${volumeId} cannot be mounted: ${lack.reason} (${lack.remedy})`);
      await work(volume);
    });
  }

  /** Runs work on a path that is there and a volume that perhaps is not; then nothing is mounted at the path. */
  async #undo(volumeId: string, path: string, signal: AbortSignal, work: (volume: StoredVolume | undefined, place: string) => Promise<void>): Promise<void> {
    const place = await mountPlace(path);
    if (place === undefined) return;
    await this.#exclusive(volumeId, signal, async (volume) => {
      if (volume === undefined && mountAt((await this.#parts.kernel.state()).mounts, place) !== undefined) throw foreignMount(place, volumeId);
      await work(volume, place);
    });
  }

  async #exclusive(volumeId: string, signal: AbortSignal, work: (volume: StoredVolume | undefined) => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const { pools } = this.#parts;
    try {
      await pools.exclusive(volumeId, signal, async () => work(isVolumeName(volumeId) ? await pools.find(volumeId) : undefined));
    } catch (error) {
      throw classify(error, `mounting or unmounting volume ${quoted(volumeId)}`);
    }
  }

  async #finishPublishing(request: PublishRequest, place: string, there: Mount, signal: AbortSignal): Promise<void> {
    if (there.readOnly && !request.readOnly) throw new ProviderError('Invalid', `${request.targetPath} has volume ${request.volumeId} already, read-only`);
    if (request.readOnly && !there.readOnly) await this.#mounter.makeReadOnly(place, signal);
  }

  async #unmount(place: string, volume: StoredVolume, signal: AbortSignal): Promise<void> {
    await this.#mounter.unmountAll(place, async () => mountedAt(place, volume, await this.#parts.kernel.state()) !== undefined, signal);
  }

  async #deviceUsage(volume: StoredVolume): Promise<VolumeUsage> {
    const total = volume.record.capacity;
    const used = (await this.#parts.files.entry(volume.path))?.allocated ?? 0n;
    return { bytes: { total, used, available: total > used ? total - used : 0n } };
  }
}

const noVolume = (volumeId: string): ProviderError => new ProviderError('NotFound', `there is no volume ${quoted(volumeId)} on this machine`);
const foreignMount = (place: string, volumeId: string): ProviderError => new ProviderError('Invalid', `something else than volume ${quoted(volumeId)} is mounted at ${place}`);

/** The volume's mount at this place. @throws {ProviderError} Invalid when something else is mounted there */
function mountedAt(place: string, volume: StoredVolume, state: KernelState): Mount | undefined {
  const mount = mountAt(state.mounts, place);
  if (mount !== undefined && !showsVolume(mount, volume, state)) throw foreignMount(place, volume.record.name);
  return mount;
}

async function stagedAt(path: string, volume: StoredVolume, state: KernelState): Promise<string | undefined> {
  const place = await placeOf(path);
  return mountedAt(place, volume, state) === undefined ? undefined : place;
}
