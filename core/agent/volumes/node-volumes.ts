import { chmod, mkdir, readdir, realpath, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';
import { NodeDrivers } from './csi/node-drivers.ts';
import { recordsOfPod } from './csi/pod-records.ts';
import { StagedVolumes } from './csi/staged-volumes.ts';
import { failureOf, StepError, type VolumeFailure } from './failures.ts';
import { isPodUid, Layout, prefix } from './layout.ts';
import { localUsage } from './local-usage.ts';
import { Operations } from './operations.ts';
import { volumePlugins } from './plugins.ts';
import type { NodeFacts } from '#core/api/node-selector.ts';
import type { Allocatable } from './pod-facts.ts';
import { VolumeError, type PodVolumes, type PodWithVolumes, type PreparedVolume, type SubPathRequest, type SubPathVolumes } from './pod-volumes.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { SubPaths } from './sub-paths.ts';
import { errorCode, isMissing, unlessMissing } from './system/error-code.ts';
import { mayMount, Mounter } from './system/mounter.ts';
import { removeTree } from './system/remove-tree.ts';
import type { SourceName, VolumePlugin } from './volume-plugin.ts';
import { volumeUses } from './volume-uses.ts';

export interface NodeVolumesOptions {
  /** The agent's folder; made when it is missing. */
  readonly root: string;
  readonly nodeName: string;
  /** How long a driver, or a program that mounts, may take. */
  readonly callDeadlineMs?: number;
}

export interface NodeVolumesParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly drivers: readonly NodeVolumeDriver[];
  /** For their aliases; none on a node without its cluster's controllers. */
  readonly controllerSides?: readonly Pick<VolumeDriver, 'name' | 'aliases'>[];
  /** `status.allocatable` of the node. */
  readonly allocatable?: () => Allocatable;
  /** The node's name and labels, once they are known: volumes that cannot be reached from here are refused. */
  readonly node?: () => NodeFacts | undefined;
  readonly mounter?: Mounter;
}

const defaultDeadlineMs = 120_000;
/** A pod's call is made of calls to drivers one after the other, and the wait for an attachment. */
const podDeadlineMs = 10 * 60_000;

/** The volumes of this node's pods. All knowledge of what is mounted is on the disk and in the mount table. */
export class NodeVolumes implements PodVolumes, SubPathVolumes {
  readonly #layout: Layout;
  readonly #mounter: Mounter;
  readonly #operations: Operations;
  readonly #staged: StagedVolumes;
  readonly #subPaths: SubPaths;
  readonly #tokens: ServiceAccountTokens;
  readonly #plugins: ReadonlyMap<SourceName, VolumePlugin>;

  private constructor(layout: Layout, options: NodeVolumesOptions, parts: NodeVolumesParts) {
    const { clock, client, controllerSides = [] } = parts;
    const drivers = new NodeDrivers(parts.drivers, controllerSides);
    const mounter = parts.mounter ?? new Mounter({ able: mayMount() });
    this.#layout = layout;
    this.#mounter = mounter;
    this.#operations = new Operations(clock, options.callDeadlineMs ?? defaultDeadlineMs);
    this.#staged = new StagedVolumes({ layout, operations: this.#operations, mounter, drivers, nodeName: options.nodeName, client });
    this.#subPaths = new SubPaths(layout, mounter);
    this.#tokens = new ServiceAccountTokens(client, clock);
    this.#plugins = volumePlugins({ ...parts, layout, mounter, operations: this.#operations, drivers, staged: this.#staged, tokens: this.#tokens, nodeName: options.nodeName });
  }

  /** Finds what an earlier agent left on the disk. */
  static async open(options: NodeVolumesOptions, parts: NodeVolumesParts): Promise<NodeVolumes> {
    // Closed to other users: where secrets cannot lie in memory, this is what keeps them.
    const pods = join(options.root, 'pods');
    await mkdir(pods, { recursive: true, mode: 0o700 });
    await chmod(pods, 0o700);
    const volumes = new NodeVolumes(new Layout(await realpath(options.root)), options, parts);
    await volumes.#staged.recall();
    return volumes;
  }

  async prepare(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, PreparedVolume>> {
    return this.#ofPod(pod.metadata.uid, signal, (bounded) => this.#setUpAll(pod, usedVolumes(pod), { isRunning: false }, bounded));
  }

  async refresh(pod: Pod, signal: AbortSignal): Promise<void> {
    const changing = usedVolumes(pod).filter((volume) => this.#pluginOf(volume)?.refreshed === true);
    if (changing.length > 0) await this.#ofPod(pod.metadata.uid, signal, (bounded) => this.#setUpAll(pod, changing, { isRunning: true }, bounded));
  }

  async release(podUid: string, signal: AbortSignal): Promise<void> {
    this.#tokens.forget(podUid);
    await this.#ofPod(podUid, signal, async (bounded) => {
      await this.#removeFolder(this.#layout.subPaths(podUid), 'subPath', bounded);
      const [records, folders] = [await recordsOfPod(this.#layout, podUid), await this.#foldersOf(podUid)];
      const ends = await Promise.allSettled([
        ...records.map((record) => this.#staged.tearDown(record, bounded)),
        ...folders.map(({ path, name }) => this.#operations.run(`${podUid}/${name}`, bounded, (inner) => this.#removeFolder(path, name, inner))),
      ]);
      const failures = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
      bounded.throwIfAborted();
      if (failures.length > 0) throw releaseFailure(failures);
      for (const part of this.#layout.partsOf(podUid)) await this.#removeShell(part);
      await rmdir(this.#layout.pod(podUid)).catch(unlessHolding);
    });
  }

  async known(signal: AbortSignal): Promise<readonly PodWithVolumes[]> {
    signal.throwIfAborted();
    const uids = (await readdir(this.#layout.pods)).filter(isPodUid);
    const isKnown = await Promise.all(uids.map(async (uid) => (await Promise.all(this.#layout.partsOf(uid).map(isFolder))).includes(true)));
    return uids.filter((_uid, i) => isKnown[i]).map((uid) => ({ uid }));
  }

  inUse(): readonly string[] {
    return this.#staged.inUse;
  }

  localUsage(podUid: string, signal: AbortSignal): Promise<ReadonlyMap<string, bigint>> {
    return localUsage(this.#layout, this.#mounter, podUid, signal);
  }

  async subPath(request: SubPathRequest, signal: AbortSignal): Promise<string> {
    return this.#ofPod(request.podUid, signal, async (bounded) => {
      try {
        return await this.#operations.run(`${request.podUid}/${request.volume}`, bounded, (inner) => this.#subPaths.fix(request, inner));
      } catch (error) {
        bounded.throwIfAborted();
        throw new VolumeError('Failed', `failed to prepare subPath for volumeMount "${request.volume}" of container "${request.container}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    });
  }

  async #setUpAll(pod: Pod, volumes: readonly Volume[], { isRunning }: { readonly isRunning: boolean }, signal: AbortSignal): Promise<ReadonlyMap<string, PreparedVolume>> {
    const { uid } = pod.metadata;
    const ends = await Promise.allSettled(volumes.map((volume) =>
      this.#operations.run(`${uid}/${volume.name}`, signal, (bounded) => this.#setUp(pod, volume, isRunning, bounded), this.#pluginOf(volume)?.deadlineMs)));
    signal.throwIfAborted();
    const prepared = new Map<string, PreparedVolume>();
    const failures: VolumeFailure[] = [];
    for (const [i, end] of ends.entries()) {
      const volume = volumes[i]?.name ?? '';
      if (end.status === 'fulfilled') prepared.set(volume, end.value);
      else failures.push({ volume, error: end.reason });
    }
    if (failures.length > 0) throw failureOf(failures);
    return prepared;
  }

  async #setUp(pod: Pod, volume: Volume, isRunning: boolean, signal: AbortSignal): Promise<PreparedVolume> {
    const plugin = this.#pluginOf(volume);
    const source = plugin === undefined ? undefined : volume[plugin.source];
    if (plugin === undefined || source === undefined) throw unsupportedVolume(volume, [...this.#plugins.keys()]);
    return plugin.setUp({ pod, name: volume.name, source, isRunning }, signal);
  }

  #pluginOf(volume: Volume): VolumePlugin | undefined {
    for (const [name, plugin] of this.#plugins) if (volume[name] !== undefined) return plugin;
    return undefined;
  }

  /** All volumes but those of drivers are folders, perhaps with a mount on them. */
  async #foldersOf(podUid: string): Promise<readonly { readonly path: string; readonly name: string }[]> {
    const root = this.#layout.volumes(podUid);
    const found: { path: string; name: string }[] = [];
    for (const type of await readdir(root).catch(unlessMissing([]))) {
      if (type === `${prefix}csi`) continue;
      for (const name of await readdir(join(root, type)).catch(unlessMissing([]))) found.push({ path: join(root, type, name), name });
    }
    return found;
  }

  async #removeFolder(path: string, name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#mounter.unmountWithin(path, signal);
      await removeTree(path);
    } catch (error) {
      signal.throwIfAborted();
      throw new StepError('UnmountVolume.TearDown', name, error, { reason: 'FailedUnmount' });
    }
  }

  /** The folders above volumes, which are empty now. */
  async #removeShell(part: string): Promise<void> {
    for (const type of await readdir(part).catch(unlessMissing([]))) await rmdir(join(part, type)).catch(gone);
    await rmdir(part).catch(gone);
  }

  async #ofPod<T>(uid: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (!isPodUid(uid)) throw new VolumeError('FailedMount', `${JSON.stringify(uid.slice(0, 80))} cannot be the UID of a pod`, { terminal: true });
    try {
      return await this.#operations.run(`pod ${uid}`, signal, work, podDeadlineMs);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof VolumeError ? error : new VolumeError('FailedMount', error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
}

function usedVolumes(pod: Pod): readonly Volume[] {
  const { mounts, devices } = volumeUses(pod);
  return (pod.spec.volumes ?? []).filter(({ name }) => mounts.has(name) || devices.has(name));
}

function unsupportedVolume(volume: Volume, supported: readonly string[]): VolumeError {
  const type = Object.keys(volume).find((key) => key !== 'name') ?? 'none';
  const why = volume.csi === undefined
    ? `volumes of type ${type} are not supported on this node, only ${supported.join(', ')}`
    : `volume mode "Ephemeral" not supported by driver ${volume.csi.driver} (only supports ["Persistent"])`;
  return new StepError('MountVolume.SetUp', volume.name, new Error(why), { terminal: true });
}

function releaseFailure(failures: readonly unknown[]): VolumeError {
  const [first] = failures;
  if (failures.length === 1 && first instanceof VolumeError) return first;
  const messages = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  return new VolumeError('FailedUnmount', messages.join('; ').slice(0, 1000), { cause: first });
}

const isFolder = (path: string): Promise<boolean> => readdir(path).then(() => true, unlessMissing(false));

const gone = (error: unknown): void => {
  if (!isMissing(error)) throw error;
};

/** Other parts of the agent may keep things of the pod beside its volumes. */
const unlessHolding = (error: unknown): void => {
  if (!isMissing(error) && !['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
};
