import type {
  AttachmentNode, AttachOptions, CapacityRange, CreateVolumeRequest, OwnedStorage, ParameterChecker, Snapshot, SnapshotFinder, StorageSurvey, Volume, VolumeAttacher, VolumeDriver, VolumeExpander, VolumeFinder,
  VolumeModifier, VolumeSnapshotter,
} from '#core/spi/volume-driver.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { Attachments } from './attachments.ts';
import { classParameters } from './class-parameters.ts';
import { VolumeCreation } from './creation.ts';
import { VolumeDeletion } from './deletion.ts';
import { Ec2Instances } from './ec2-instances.ts';
import { Ec2Snapshots } from './ec2-snapshots.ts';
import { Ec2Volumes } from './ec2-volumes.ts';
import { Modifications } from './modifications.ts';
import { DRIVER_NAME, IN_TREE_NAME, isName, SNAPSHOT_NAME_TAG, VOLUME_NAME_TAG } from './names.ts';
import { UsualZone } from './placement.ts';
import { RecentNames } from './recent-names.ts';
import { Settling } from './settling.ts';
import { Snapshotter } from './snapshots.ts';
import { volumeOf, wantedVolume } from './volume-request.ts';

/**
 * EBS volumes and their snapshots. A volume's id is EC2's (`vol-…`), a node's is that of its instance (`i-…`). `publishContext` is `{devicePath}`, the device's
 * name as EC2 calls it, such as `/dev/xvdaa`; machines on Nitro show it under another name.
 */
export class EbsVolumeDriver implements VolumeDriver, VolumeFinder, ParameterChecker, VolumeExpander, VolumeModifier, VolumeSnapshotter, SnapshotFinder, VolumeAttacher, StorageSurvey {
  readonly name = DRIVER_NAME;
  readonly aliases: readonly string[] = [IN_TREE_NAME];
  readonly #volumes: Ec2Volumes;
  readonly #snapshots: Ec2Snapshots;
  readonly #settling: Settling;
  readonly #creation: VolumeCreation;
  readonly #deletion: VolumeDeletion;
  readonly #attachments: Attachments;
  readonly #modifications: Modifications;
  readonly #snapshotter: Snapshotter;

  constructor(context: AwsContext) {
    const settling = this.#settling = new Settling(context.clock);
    const volumes = this.#volumes = new Ec2Volumes(context);
    const snapshots = this.#snapshots = new Ec2Snapshots(context);
    const own = new RecentNames();
    this.#creation = new VolumeCreation({ context, volumes, snapshots, settling, own, usualZone: new UsualZone(context) });
    this.#deletion = new VolumeDeletion({ context, volumes, settling, own });
    this.#attachments = new Attachments({ context, volumes, instances: new Ec2Instances(context), settling });
    this.#modifications = new Modifications({ context, volumes, settling });
    this.#snapshotter = new Snapshotter({ context, volumes, snapshots, settling });
  }

  async create(request: CreateVolumeRequest, signal: AbortSignal): Promise<Volume> {
    signal.throwIfAborted();
    return volumeOf(await this.#creation.run(wantedVolume(request), signal));
  }

  delete(id: string, signal: AbortSignal): Promise<void> {
    return this.#deletion.run(id, signal);
  }

  async find(name: string, signal: AbortSignal): Promise<Volume | undefined> {
    signal.throwIfAborted();
    if (!isName(name)) return undefined;
    const found = await this.#settling.find(name, async () => (await this.#volumes.byName(name, signal))[0], signal);
    return found === undefined ? undefined : volumeOf(found);
  }

  checkParameters(parameters: Readonly<Record<string, string>>): void {
    classParameters(parameters, IN_TREE_NAME);
  }

  async expand(id: string, capacity: CapacityRange, signal: AbortSignal): Promise<{ readonly capacity: bigint; readonly nodeExpansionRequired: boolean }> {
    return { capacity: await this.#modifications.expand(id, capacity, signal), nodeExpansionRequired: true };
  }

  modify(id: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    return this.#modifications.modify(id, parameters, signal);
  }

  createSnapshot(name: string, volumeId: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Snapshot> {
    return this.#snapshotter.create(name, volumeId, parameters, signal);
  }

  deleteSnapshot(id: string, signal: AbortSignal): Promise<void> {
    return this.#snapshotter.delete(id, signal);
  }

  findSnapshot(id: string, signal: AbortSignal): Promise<Snapshot | undefined> {
    return this.#snapshotter.find(id, signal);
  }

  async attach(volumeId: string, node: AttachmentNode, options: AttachOptions, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    return { devicePath: await this.#attachments.attach(volumeId, node, options, signal) };
  }

  detach(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<void> {
    return this.#attachments.detach(volumeId, node, signal);
  }

  attachedVolumes(nodes: readonly AttachmentNode[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    return this.#attachments.attachedVolumes(nodes, signal);
  }

  async owned(signal: AbortSignal): Promise<readonly OwnedStorage[]> {
    signal.throwIfAborted();
    const [volumes, snapshots] = await Promise.all([this.#volumes.owned(signal), this.#snapshots.owned(signal)]);
    return [
      ...volumes.filter(({ state }) => state !== 'deleting' && state !== 'deleted').map(({ id, tags, createdAt }) => ({ kind: 'volume' as const, id, name: tags.get(VOLUME_NAME_TAG) ?? '', createdAt })),
      ...snapshots.map(({ id, tags, createdAt }) => ({ kind: 'snapshot' as const, id, name: tags.get(SNAPSHOT_NAME_TAG) ?? '', createdAt })),
    ];
  }
}
