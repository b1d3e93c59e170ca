import { ProviderError } from '#core/spi/errors.ts';
import type {
  AttachmentNode, AttachOptions, CapacityRange, CreateVolumeRequest, OwnedStorage, ParameterChecker, Snapshot, SnapshotFinder, StorageSurvey, Volume, VolumeAttacher, VolumeDriver, VolumeExpander, VolumeFinder,
  VolumeModifier, VolumeSnapshotter,
} from '#core/spi/volume-driver.ts';
import { clusterLabel, type GcpContext } from '#providers/gcp/context.ts';
import { Attachments } from './attachments.ts';
import { DiskChanges } from './disk-changes.ts';
import { driverName } from './disk-request.ts';
import { DiskVolumes } from './disk-volumes.ts';
import { Disks } from './disks.ts';
import { handleOf } from './handles.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { Machines } from './machines.ts';
import { parseParameters } from './parameters.ts';
import { quoted } from './refusal.ts';
import { DiskSnapshots } from './snapshots.ts';

/** After this time lists show what this process did. */
const listLagMs = 10_000;

/** Persistent Disks and Hyperdisks of Compute Engine. A volume's id is `projects/p/zones/z/disks/name`, or with `regions/r` in the place of the zone. */
export class PersistentDiskVolumeDriver
implements VolumeDriver, VolumeFinder, ParameterChecker, VolumeExpander, VolumeModifier, VolumeSnapshotter, SnapshotFinder, VolumeAttacher, StorageSurvey {
  readonly name = driverName;
  readonly aliases: readonly string[] = ['kubernetes.io/gce-pd'];
  readonly #context: GcpContext;
  readonly #disks: Disks;
  readonly #volumes: DiskVolumes;
  readonly #changes: DiskChanges;
  readonly #snapshots: DiskSnapshots;
  readonly #attachments: Attachments;
  #changedAt = -Infinity;

  constructor(context: GcpContext) {
    this.#context = context;
    const disks = (this.#disks = new Disks(context));
    const lock = new KeyedLock();
    this.#volumes = new DiskVolumes(context, disks, lock);
    this.#changes = new DiskChanges(context, disks, lock);
    this.#snapshots = new DiskSnapshots(context, disks, lock);
    this.#attachments = new Attachments(context, disks, new Machines(context));
  }

  create(request: CreateVolumeRequest, signal: AbortSignal): Promise<Volume> {
    return bounded(signal, () => {
      if (request.provisioner !== this.name && !this.aliases.includes(request.provisioner)) throw new ProviderError('Invalid', `this driver does not answer to the provisioner ${quoted(request.provisioner)}`);
      return this.#noted(this.#volumes.create(request, signal));
    });
  }

  delete(id: string, signal: AbortSignal): Promise<void> {
    return bounded(signal, () => this.#noted(this.#volumes.delete(id, signal)));
  }

  find(name: string, signal: AbortSignal): Promise<Volume | undefined> {
    return bounded(signal, () => this.#volumes.find(name, signal));
  }

  checkParameters(parameters: Readonly<Record<string, string>>): void {
    parseParameters(parameters);
  }

  expand(id: string, capacity: CapacityRange, signal: AbortSignal): Promise<{ readonly capacity: bigint; readonly nodeExpansionRequired: boolean }> {
    return bounded(signal, () => this.#changes.expand(id, capacity, signal));
  }

  modify(id: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    return bounded(signal, () => this.#changes.modify(id, parameters, signal));
  }

  createSnapshot(name: string, volumeId: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Snapshot> {
    return bounded(signal, () => this.#noted(this.#snapshots.create(name, volumeId, parameters, signal)));
  }

  deleteSnapshot(id: string, signal: AbortSignal): Promise<void> {
    return bounded(signal, () => this.#noted(this.#snapshots.delete(id, signal)));
  }

  findSnapshot(id: string, signal: AbortSignal): Promise<Snapshot | undefined> {
    return bounded(signal, () => this.#snapshots.find(id, signal));
  }

  attach(volumeId: string, node: AttachmentNode, options: AttachOptions, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    return bounded(signal, () => this.#attachments.attach(volumeId, node, options, signal));
  }

  detach(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<void> {
    return bounded(signal, () => this.#attachments.detach(volumeId, node, signal));
  }

  attachedVolumes(nodes: readonly AttachmentNode[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    return bounded(signal, () => this.#attachments.attachedVolumes(nodes, signal));
  }

  owned(signal: AbortSignal): Promise<readonly OwnedStorage[]> {
    return bounded(signal, async () => {
      await this.#listed(signal);
      const project = await this.#context.project(signal);
      const filter = `labels.${clusterLabel} = "${await this.#context.clusterId(signal)}"`;
      const [disks, snapshots] = await Promise.all([this.#disks.list(project, filter, signal), this.#snapshots.owned(project, filter, signal)]);
      return [...disks.map((disk): OwnedStorage => ({ kind: 'volume', id: handleOf(disk), name: disk.name, createdAt: disk.createdAt })), ...snapshots];
    });
  }

  /** Lists are late. */
  async #listed(signal: AbortSignal): Promise<void> {
    const left = this.#changedAt + listLagMs - this.#context.clock.now();
    if (left > 0) await this.#context.clock.sleep(left, signal);
  }

  async #noted<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      this.#changedAt = this.#context.clock.now();
    }
  }
}

/** Whatever fails because the signal aborted fails with its reason. */
async function bounded<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
