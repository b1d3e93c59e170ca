import { CreateSnapshotCommand, DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { ProviderError } from '#core/spi/errors.ts';
import type { Snapshot } from '#core/spi/volume-driver.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import { ec2Snapshot, type Ec2Snapshot, type Ec2Snapshots } from './ec2-snapshots.ts';
import type { Ec2Volumes } from './ec2-volumes.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { GIB, invalid, isName, isSnapshotId, isVolumeId, quoted, unavailable } from './names.ts';
import type { Settling } from './settling.ts';
import { snapshotParameters } from './snapshot-parameters.ts';
import { allTags, isOwn, ownTags, sdkTags, specifiedTags, type Tags } from './tags.ts';

export interface SnapshotterParts {
  readonly context: AwsContext;
  readonly volumes: Ec2Volumes;
  readonly snapshots: Ec2Snapshots;
  readonly settling: Settling;
}

interface WantedSnapshot {
  readonly name: string;
  readonly volumeId: string;
  readonly specifiedTags: Tags;
}

/** Takes snapshots, one for each name, which is on them from the start. EC2 has no client token for them, so a repetition looks first, and late enough. */
export class Snapshotter {
  readonly #parts: SnapshotterParts;
  readonly #lock = new KeyedLock();

  constructor(parts: SnapshotterParts) {
    this.#parts = parts;
  }

  async create(name: string, volumeId: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted();
    const wanted = wantedSnapshot(name, volumeId, parameters);
    return this.#lock.run(name, signal, async () => {
      const { snapshots, settling } = this.#parts;
      const found = await settling.find(name, async () => (await snapshots.byName(name, signal))[0], signal);
      if (found === undefined) return snapshotOf(await this.#make(wanted, signal));
      if (found.volumeId !== volumeId) throw new ProviderError('AlreadyExists', `snapshot ${name} is already there as ${found.id} of volume ${found.volumeId}; volume ${volumeId} is asked for`);
      if (found.state !== 'error') return snapshotOf(found);
      await this.#delete(found.id, signal);
      throw unavailable(`snapshot ${name} failed as ${found.id}: ${found.stateMessage ?? 'EC2 does not say why'}`);
    });
  }

  async delete(id: string, signal: AbortSignal): Promise<void> {
    const { context } = this.#parts;
    const snapshot = await this.#byId(id, signal);
    if (snapshot === undefined) return;
    const clusterId = await context.clusterId(signal);
    if (!isOwn(snapshot.tags, clusterId)) throw invalid(`snapshot ${id} is not deleted: without the tag kubernetes.io/cluster/${clusterId}=owned it is not one that this cluster made`);
    await this.#delete(id, signal);
  }

  /** Also those of others. */
  async find(id: string, signal: AbortSignal): Promise<Snapshot | undefined> {
    const snapshot = await this.#byId(id, signal);
    return snapshot === undefined ? undefined : snapshotOf(snapshot);
  }

  async #byId(id: string, signal: AbortSignal): Promise<Ec2Snapshot | undefined> {
    signal.throwIfAborted();
    if (!isSnapshotId(id)) return undefined;
    const { snapshots, settling } = this.#parts;
    return settling.find(id, () => snapshots.byId(id, signal), signal);
  }

  async #make({ name, volumeId, specifiedTags: specified }: WantedSnapshot, signal: AbortSignal): Promise<Ec2Snapshot> {
    const { context, settling } = this.#parts;
    const tags = allTags(context.settings.extraTags, specified, ownTags(await context.clusterId(signal), 'snapshot', name));
    try {
      const made = ec2Snapshot(await context.api.ec2(new CreateSnapshotCommand({
        VolumeId: volumeId, Description: `Made by Keelson for snapshot ${name}`, TagSpecifications: [{ ResourceType: 'snapshot', Tags: sdkTags(tags) }],
      }), signal));
      settling.touch(made.id);
      return made;
    } catch (error) {
      const isGone = ProviderError.is(error, 'NotFound') || (awsCode(error) === 'IncorrectState' && await this.#isGone(volumeId, signal));
      if (isGone) throw new ProviderError('NotFound', `there is no volume ${volumeId} of which snapshot ${name} could be taken`, { cause: error });
      throw error;
    } finally {
      settling.touch(name);
    }
  }

  async #isGone(volumeId: string, signal: AbortSignal): Promise<boolean> {
    const volume = await this.#parts.volumes.byId(volumeId, signal);
    return volume === undefined || volume.state === 'deleting';
  }

  async #delete(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.context.api.ec2(new DeleteSnapshotCommand({ SnapshotId: id }), signal);
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
    }
    this.#parts.snapshots.deleted(id);
  }
}

/** @throws {ProviderError} Invalid */
function wantedSnapshot(name: string, volumeId: string, parameters: Readonly<Record<string, string>>): WantedSnapshot {
  if (!isName(name)) throw invalid(`a snapshot's name has at most 63 characters of a-z, 0-9 and "-", unlike ${quoted(name)}`);
  if (!isVolumeId(volumeId)) throw new ProviderError('NotFound', `there is no volume ${quoted(volumeId)}`);
  const { tagSpecifications, snapshot } = snapshotParameters(parameters);
  return {
    name, volumeId, specifiedTags: specifiedTags(tagSpecifications, {
      VolumeSnapshotContentName: name,
      ...(snapshot.name === undefined ? {} : { VolumeSnapshotName: snapshot.name }),
      ...(snapshot.namespace === undefined ? {} : { VolumeSnapshotNamespace: snapshot.namespace }),
    }),
  };
}

const snapshotOf = ({ id, volumeId, sizeGiB, createdAt, state }: Ec2Snapshot): Snapshot => ({ id, sourceVolumeId: volumeId, size: BigInt(sizeGiB) * GIB, createdAt, ready: state === 'completed' });
