import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StepError, UnattachedError } from '#core/agent/volumes/failures.ts';
import type { Layout } from '#core/agent/volumes/layout.ts';
import type { Operations } from '#core/agent/volumes/operations.ts';
import { isMissing } from '#core/agent/volumes/system/error-code.ts';
import { mountsWithin } from '#core/agent/volumes/system/mount-table.ts';
import type { Mounter } from '#core/agent/volumes/system/mounter.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';
import type { StatusWriter } from '#core/client/client.ts';
import type { NodeVolumeDriver, VolumeUse } from '#core/spi/volume-driver.ts';
import { uniqueName } from './attachments.ts';
import type { NodeDrivers } from './node-drivers.ts';
import { allRecords, elsewhere, type PodRecord } from './pod-records.ts';
import { UseReports } from './use-reports.ts';
import { isSameVolume, readRecord, removeRecord, writeRecord, type VolumeRecord } from './volume-record.ts';

/** All that a driver must be told to bring a volume to a pod. */
export interface MountRequest {
  readonly podUid: string;
  readonly driver: NodeVolumeDriver;
  readonly handle: string;
  /** Name of the PersistentVolume. */
  readonly name: string;
  readonly use: VolumeUse;
  readonly readOnly: boolean;
  readonly attachmentId: string;
  readonly publishContext: Readonly<Record<string, string>>;
  readonly stage: { readonly volumeContext: Readonly<Record<string, string>>; readonly secrets?: Readonly<Record<string, string>> };
  readonly publish: { readonly volumeContext: Readonly<Record<string, string>>; readonly secrets?: Readonly<Record<string, string>> };
  /** Called once for a volume that is newly published, with where the pod will see it; again when it failed or was cut short. */
  readonly own?: { readonly by: string; readonly apply: (path: string, signal: AbortSignal) => Promise<void> };
}

export interface StagedVolumesParts {
  readonly layout: Layout;
  readonly operations: Operations;
  readonly mounter: Mounter;
  readonly drivers: NodeDrivers;
  readonly nodeName: string;
  readonly client: StatusWriter;
}

/**
 * Volumes of drivers on this node: staged once, published per pod, undone in reverse. Before a driver is asked for anything the record in the
 * pod's folder says so, and it goes last; so whatever is mounted, some pod's record leads to it.
 */
export class StagedVolumes {
  readonly #parts: StagedVolumesParts;
  readonly #records: SharedRun<readonly PodRecord[]>;
  readonly #uses: UseReports;
  #attached = new Set<string>();

  constructor(parts: StagedVolumesParts) {
    this.#parts = parts;
    this.#uses = new UseReports(parts.client, parts.nodeName, () => this.inUse);
    this.#records = new SharedRun(() => allRecords(parts.layout));
  }

  /** Volumes that a controller attached and this node uses, as `status.volumesInUse` calls them. */
  get inUse(): readonly string[] {
    return [...this.#attached].toSorted();
  }

  /** It is attached, in use, and the cluster knows. */
  isConfirmed(driver: string, handle: string): boolean {
    return this.#uses.isConfirmed(uniqueName(driver, handle));
  }

  /** Takes from the disk what is in use. */
  async recall(): Promise<void> {
    const records = (await this.#records.run()).flatMap(({ record }) => record ?? []);
    this.#attached = new Set(records.filter(({ attachmentID }) => attachmentID !== '').map(nameOf));
  }

  /** Where the pod sees the volume: a folder, or a device. @throws {StepError} */
  async setUp(request: MountRequest, signal: AbortSignal): Promise<string> {
    const { podUid, name, use, driver, handle } = request;
    const isBlock = use.volumeMode === 'Block';
    const folder = isBlock ? this.#parts.layout.device(podUid, name) : this.#parts.layout.volume(podUid, 'csi', name);
    const target = join(folder, isBlock ? 'device' : 'mount');
    return this.#exclusive({ driverName: driver.name, volumeHandle: handle }, isBlock ? mapSteps : mountSteps, name, signal, async (bounded) => {
      const record = await this.#claim(request, folder);
      if (request.attachmentId !== '') await this.#uses.confirm(nameOf(record), bounded);
      const stagingPath = await this.#stage(request, bounded);
      const step = isBlock ? mapSteps : mountSteps;
      await named(step.publish, name, step.reason, () => driver.publish({
        volumeId: handle, stagingPath, targetPath: target, use, readOnly: request.readOnly, publishContext: request.publishContext, ...request.publish,
      }, bounded));
      if (request.own !== undefined && record.ownedBy !== request.own.by) {
        await request.own.apply(target, bounded);
        await writeRecord(folder, { ...record, ownedBy: request.own.by });
      }
      return target;
    });
  }

  /** Nothing of the volume is left in the pod's folder when it resolves; nor on the node, if no other pod has it. @throws {StepError} */
  async tearDown({ folder, name, record, problem }: PodRecord, signal: AbortSignal): Promise<void> {
    if (problem !== undefined) throw new StepError(unmountSteps.publish, name, problem, { reason: unmountSteps.reason });
    if (record === undefined) return this.#removeFolder(folder, name);
    await this.#exclusive(record, unmountSteps, name, signal, async (bounded) => {
      const driver = this.#parts.drivers.get(record.driverName);
      const target = join(folder, record.volumeMode === 'Block' ? 'device' : 'mount');
      await named(unmountSteps.publish, name, unmountSteps.reason, async () => {
        await driver.unpublish(record.volumeHandle, target, bounded);
        await this.#refuseMounted(folder);
      });
      if (elsewhere(await this.#records.run(), record, folder).length === 0) await this.#unstage(driver, record, bounded);
      await this.#removeFolder(folder, name);
    });
  }

  /** Where the volume is staged; for growing its file system. */
  stagingPath(driver: string, handle: string): string {
    return join(this.#parts.layout.staged(driver, handle), 'globalmount');
  }

  /** Runs alone with the volume. */
  exclusive<T>(driver: string, handle: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#parts.operations.run(`${driver}^${handle}`, signal, work);
  }

  async #exclusive<T>(volume: Pick<VolumeRecord, 'driverName' | 'volumeHandle'>, steps: Steps, name: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return named(steps.publish, name, steps.reason, () => this.exclusive(volume.driverName, volume.volumeHandle, signal, work));
  }

  /** Makes the pod's folder with its record. */
  async #claim({ podUid, driver, handle, name, use, attachmentId }: MountRequest, folder: string): Promise<VolumeRecord> {
    if (Buffer.byteLength(handle) > longestHandle) throw new Error(`the volume's handle is longer than ${longestHandle} bytes`);
    const { nodeName } = this.#parts;
    const wanted: VolumeRecord = { driverName: driver.name, volumeHandle: handle, specVolID: name, nodeName, attachmentID: attachmentId, volumeMode: use.volumeMode, ownedBy: '' };
    if (use.accessModes.includes('ReadWriteOncePod') && elsewhere(await this.#records.run(), wanted, folder).some((other) => other.podUid !== podUid)) {
      throw new Error('volume uses the ReadWriteOncePod access mode and is already in use by another pod');
    }
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const found = await readRecord(folder);
    if (found === undefined) await writeRecord(folder, wanted);
    else if (!isSameVolume(found, wanted)) throw new Error(`${folder} has volume ${found.volumeHandle} of ${found.driverName} already`);
    if (attachmentId !== '') this.#attached.add(nameOf(wanted));
    return found ?? wanted;
  }

  async #stage({ driver, handle, name, use, publishContext, stage, attachmentId }: MountRequest, signal: AbortSignal): Promise<string> {
    const steps = use.volumeMode === 'Block' ? mapSteps : mountSteps;
    return named(steps.stage, name, steps.reason, async () => {
      const { layout, nodeName } = this.#parts;
      const folder = layout.staged(driver.name, handle);
      const stagingPath = join(folder, 'globalmount');
      await mkdir(stagingPath, { recursive: true, mode: 0o750 });
      // For people who look at a node: nothing is decided by it.
      if ((await readRecord(folder).catch(() => undefined)) === undefined) {
        await writeRecord(folder, { driverName: driver.name, volumeHandle: handle, specVolID: name, nodeName, attachmentID: attachmentId, volumeMode: use.volumeMode, ownedBy: '' });
      }
      await driver.stage({ volumeId: handle, stagingPath, use, publishContext, ...stage }, signal);
      return stagingPath;
    });
  }

  async #unstage(driver: NodeVolumeDriver, record: VolumeRecord, signal: AbortSignal): Promise<void> {
    await named(unmountSteps.stage, record.specVolID, unmountSteps.reason, async () => {
      const folder = this.#parts.layout.staged(record.driverName, record.volumeHandle);
      const stagingPath = join(folder, 'globalmount');
      await driver.unstage(record.volumeHandle, stagingPath, signal);
      await this.#refuseMounted(folder);
      await removeEmpty(stagingPath);
      await removeRecord(folder);
      await removeEmpty(folder);
      if (this.#attached.delete(nameOf(record))) this.#uses.end(nameOf(record));
    });
  }

  /** Removes what this class made, one empty folder after the other: what a driver left behind is never deleted. */
  async #removeFolder(folder: string, name: string): Promise<void> {
    await named(unmountSteps.publish, name, unmountSteps.reason, async () => {
      await this.#refuseMounted(folder);
      await removeEmpty(join(folder, 'mount'));
      await removeRecord(folder);
      await removeEmpty(folder);
    });
  }

  async #refuseMounted(folder: string): Promise<void> {
    const [left] = mountsWithin(await this.#parts.mounter.table(), folder);
    if (left !== undefined) throw new Error(`${left.path} is still mounted`);
  }
}

/** Drivers' own limit is 128; a record must hold it. */
const longestHandle = 4096;

interface Steps {
  readonly stage: string;
  readonly publish: string;
  readonly reason: string;
}
const mountSteps: Steps = { stage: 'MountVolume.MountDevice', publish: 'MountVolume.SetUp', reason: 'FailedMount' };
const mapSteps: Steps = { stage: 'MapVolume.SetUpDevice', publish: 'MapVolume.MapPodDevice', reason: 'FailedMapVolume' };
const unmountSteps: Steps = { stage: 'UnmountDevice', publish: 'UnmountVolume.TearDown', reason: 'FailedUnmount' };

const nameOf = ({ driverName, volumeHandle }: Pick<VolumeRecord, 'driverName' | 'volumeHandle'>): string => uniqueName(driverName, volumeHandle);

async function named<T>(step: string, name: string, reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StepError || error instanceof UnattachedError) throw error;
    throw new StepError(step, name, error, { reason });
  }
}

async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}
