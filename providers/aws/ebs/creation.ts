import { createHash } from 'node:crypto';
import { CreateVolumeCommand, DeleteVolumeCommand, type CreateVolumeCommandInput } from '@aws-sdk/client-ec2';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import type { Ec2Snapshots } from './ec2-snapshots.ts';
import { ec2Volume, type Ec2Volume, type Ec2Volumes } from './ec2-volumes.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { invalid, unavailable } from './names.ts';
import type { UsualZone, WantedPlace } from './placement.ts';
import { RecentNames } from './recent-names.ts';
import type { Settling } from './settling.ts';
import { sdkTags } from './tags.ts';
import { checkSame, sizeWithin, tagsOf, type WantedVolume } from './volume-request.ts';
import { speedFor } from './volume-types.ts';

/** Half of all volumes are available after 1.5 s. */
const firstLookMs = 1250;
/** A new volume that no read shows after so long was given up by EC2. */
const unseenMs = 15_000;
const patienceMs = 4 * 60_000;
const mostTokens = 30;

export interface CreationParts {
  readonly context: AwsContext;
  readonly volumes: Ec2Volumes;
  readonly snapshots: Ec2Snapshots;
  readonly settling: Settling;
  readonly usualZone: UsualZone;
  /** Ids of what was made here. */
  readonly own: RecentNames;
}

/**
 * Makes volumes, one for each name. Their names are on them from the start, and the client token lets EC2 know a repetition, so that
 * a lost answer costs nothing. A token stays used when its volume is gone; then it gets a number, but only after no volume of the name is to be found.
 */
export class VolumeCreation {
  readonly #parts: CreationParts;
  readonly #lock = new KeyedLock();
  /** How many tokens of a name are used up, as far as this process has seen. */
  readonly #used = new RecentNames();

  constructor(parts: CreationParts) {
    this.#parts = parts;
  }

  run(wanted: WantedVolume, signal: AbortSignal): Promise<Ec2Volume> {
    return this.#lock.run(wanted.name, signal, async () => {
      const { volumes, settling } = this.#parts;
      const wasSettled = settling.isSettled(wanted.name);
      const [known] = await volumes.byName(wanted.name, signal);
      const found = known === undefined ? undefined : await this.#finish(known, wanted, signal);
      if (found !== undefined) return found;
      try {
        return await this.#make(wanted, signal);
      } catch (error) {
        // What an earlier call made may have used up the room for this one, and not be seen yet.
        if (wasSettled || !ProviderError.leftNothing(error) || ProviderError.is(error, 'AlreadyExists')) throw error;
        const late = await this.#lookWhenSettled(wanted, signal);
        if (late === undefined) throw error;
        return late;
      }
    });
  }

  /** @returns undefined when it was given up @throws {ProviderError} AlreadyExists */
  async #finish(volume: Ec2Volume, wanted: WantedVolume, signal: AbortSignal): Promise<Ec2Volume | undefined> {
    if (volume.state !== 'error') checkSame(volume, wanted);
    return isReady(volume) ? volume : this.#ready(volume.id, signal);
  }

  async #lookWhenSettled(wanted: WantedVolume, signal: AbortSignal): Promise<Ec2Volume | undefined> {
    await this.#parts.settling.settled(wanted.name, signal);
    const [known] = await this.#parts.volumes.byName(wanted.name, signal);
    return known === undefined ? undefined : this.#finish(known, wanted, signal);
  }

  async #make(wanted: WantedVolume, signal: AbortSignal): Promise<Ec2Volume> {
    const places = await this.#places(wanted, signal);
    const input = await this.#input(wanted, signal);
    for (const [index, place] of places.entries()) {
      try {
        return await this.#makeIn(place, wanted, input, signal);
      } catch (error) {
        if (awsCode(error) !== 'InsufficientVolumeCapacity' || index === places.length - 1) throw error;
      }
    }
    throw unavailable(`there is no zone in which volume ${wanted.name} could be made`);
  }

  async #places({ places }: WantedVolume, signal: AbortSignal): Promise<readonly WantedPlace[]> {
    return places.length > 0 ? places : [{ kind: 'name', id: await this.#parts.usualZone.get(signal) }];
  }

  async #input(wanted: WantedVolume, signal: AbortSignal): Promise<CreateVolumeCommandInput> {
    const { context } = this.#parts;
    const { parameters: { type, encrypted, kmsKeyId, initializationRate }, parameters, snapshotId, isShared } = wanted;
    const sizeGiB = sizeWithin(wanted.capacity, parameters, snapshotId === undefined ? 0 : await this.#leastGiB(snapshotId, signal));
    const { iops, throughput } = speedFor(parameters, sizeGiB);
    return {
      Size: sizeGiB, VolumeType: type, Iops: iops, Throughput: throughput, SnapshotId: snapshotId, VolumeInitializationRate: initializationRate,
      ...(encrypted ? { Encrypted: true, KmsKeyId: kmsKeyId } : {}), ...(isShared ? { MultiAttachEnabled: true } : {}),
      TagSpecifications: [{ ResourceType: 'volume', Tags: sdkTags(tagsOf(wanted, await context.clusterId(signal), context.settings.extraTags)) }],
    };
  }

  /** Of what is made from the snapshot. */
  async #leastGiB(id: string, signal: AbortSignal): Promise<number> {
    const { snapshots, settling } = this.#parts;
    const snapshot = await settling.find(id, () => snapshots.byId(id, signal), signal);
    if (snapshot === undefined) throw new ProviderError('NotFound', `there is no snapshot ${id} from which the volume could be made`);
    if (snapshot.state === 'error') throw invalid(`snapshot ${id} has failed, and no volume can be made from it`);
    if (snapshot.state !== 'completed') throw unavailable(`snapshot ${id} is not ready yet (${snapshot.state})`);
    return snapshot.sizeGiB;
  }

  async #makeIn(place: WantedPlace, wanted: WantedVolume, input: CreateVolumeCommandInput, signal: AbortSignal): Promise<Ec2Volume> {
    const where = place.kind === 'name' ? { AvailabilityZone: place.id } : { AvailabilityZoneId: place.id };
    let givenUp: string | undefined;
    for (let used = this.#used.get(wanted.name); used < mostTokens; used++) {
      const made = await this.#send({ ...input, ...where, ClientToken: tokenFor(wanted.name, used) }, wanted, signal);
      if (made === 'mismatch') {
        const late = await this.#lookWhenSettled(wanted, signal);
        if (late !== undefined) return late;
      } else if (made !== 'gone') {
        const ready = isReady(made) ? made : await this.#ready(made.id, signal);
        if (ready !== undefined) return ready;
        // The token may be that of a volume deleted long ago; a second one was made just now, and lost.
        if (givenUp !== undefined) throw gaveUp(wanted, made.id);
        givenUp = made.id;
      }
      this.#used.set(wanted.name, used + 1);
    }
    throw unavailable(`EC2 has refused ${mostTokens} client tokens for volume ${wanted.name}; it forgets them after a day`);
  }

  async #send(input: CreateVolumeCommandInput, wanted: WantedVolume, signal: AbortSignal): Promise<Ec2Volume | 'mismatch' | 'gone'> {
    const { context: { api }, settling, own } = this.#parts;
    try {
      const made = ec2Volume(await api.ec2(new CreateVolumeCommand(input), signal));
      settling.touch(made.id);
      own.set(made.id, 1);
      return isDead(made) ? 'gone' : made;
    } catch (error) {
      const code = awsCode(error);
      if (code === 'IdempotentParameterMismatch') return 'mismatch';
      if (code === 'InvalidVolume.NotFound') return 'gone';
      throw explained(error, input, wanted);
    } finally {
      settling.touch(wanted.name);
    }
  }

  /** @returns undefined when it was given up; then nothing of it is left */
  async #ready(id: string, signal: AbortSignal): Promise<Ec2Volume | undefined> {
    const { volumes } = this.#parts;
    const seen = await volumes.until(id, (volume, waitedMs) => {
      if (volume === undefined) return waitedMs > unseenMs ? 'gone' : undefined;
      if (isReady(volume) || volume.state === 'error') return volume;
      if (isDead(volume)) return 'gone';
      if (waitedMs > patienceMs) throw unavailable(`volume ${id} is still being made (${volume.state})`);
      return undefined;
    }, firstLookMs, signal);
    if (seen === 'gone') return undefined;
    if (seen.state !== 'error') return seen;
    await this.#discard(id, signal);
    return undefined;
  }

  async #discard(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.context.api.ec2(new DeleteVolumeCommand({ VolumeId: id }), signal);
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw ProviderError.leftNothing(error) ? unavailable(`volume ${id} failed, and cannot be deleted`, error) : error;
    }
    this.#parts.volumes.deleted(id);
  }
}

const isReady = ({ state }: Ec2Volume): boolean => state === 'available' || state === 'in-use';
const isDead = ({ state }: Ec2Volume): boolean => state === 'deleting' || state === 'deleted';

function tokenFor(name: string, used: number): string {
  return createHash('sha256').update(used === 0 ? name : `${name}-${used + 1}`).digest('hex');
}

const gaveUp = ({ name, parameters: { kmsKeyId } }: WantedVolume, id: string): ProviderError =>
  unavailable(`EC2 began to make volume ${name} as ${id}, and gave it up${kmsKeyId === undefined ? '' : `; mostly that is because the key ${kmsKeyId} cannot be used`}`);

function explained(error: unknown, { AvailabilityZone, AvailabilityZoneId, VolumeType, Size }: CreateVolumeCommandInput, { name }: WantedVolume): unknown {
  if (!ProviderError.is(error)) return error;
  const zone = AvailabilityZone ?? AvailabilityZoneId ?? '';
  if (awsCode(error) === 'InvalidSnapshot.NotFound') return error;
  // What is asked for by name and is not there: a zone, a key.
  if (error.reason === 'NotFound') return new ProviderError('Invalid', `volume ${name} of type ${VolumeType ?? ''} with ${Size ?? 0} GiB in zone ${zone} cannot be made: ${error.message}`, { cause: error });
  return error;
}
