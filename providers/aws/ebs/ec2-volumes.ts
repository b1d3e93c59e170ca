import { DescribeVolumesCommand, type DescribeVolumesCommandInput, type Volume as SdkVolume, type VolumeAttachment as SdkAttachment } from '@aws-sdk/client-ec2';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { clusterTag, type AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import { unavailable, VOLUME_NAME_TAG } from './names.ts';
import { Departed } from './settling.ts';
import { SharedPoller, type Check } from './shared-poller.ts';
import { tagMap } from './tags.ts';

export interface Ec2Attachment {
  readonly instanceId: string;
  readonly device: string;
  readonly state: string;
}

/** A volume as EC2 describes it. */
export interface Ec2Volume {
  readonly id: string;
  readonly zone: string;
  readonly zoneId: string | undefined;
  readonly sizeGiB: number;
  readonly type: string;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  readonly snapshotId: string | undefined;
  readonly multiAttach: boolean;
  readonly state: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly tags: ReadonlyMap<string, string>;
  /** Without those that are over. */
  readonly attachments: readonly Ec2Attachment[];
}

/** Of one call by ids. */
const mostIds = 500;
/** Of one filter. */
export const mostValues = 200;

/** Reads volumes, many at a time. */
export class Ec2Volumes {
  readonly #context: AwsContext;
  readonly #byId: Coalescer<string, Ec2Volume | undefined>;
  readonly #byName: Coalescer<string, readonly Ec2Volume[]>;
  readonly #poller: SharedPoller<Ec2Volume>;
  readonly #departed: Departed;

  constructor(context: AwsContext) {
    this.#context = context;
    const { clock } = context;
    this.#departed = new Departed(clock);
    const keyOf = (key: string): string => key;
    this.#byId = new Coalescer({ clock, most: mostIds, keyOf, call: async (ids, signal) => {
      const seen = await this.#describe(ids, signal);
      return ids.map((id) => seen.get(id));
    } });
    this.#byName = new Coalescer({ clock, most: mostValues, keyOf, call: (names, signal) => this.#describeNames(names, signal) });
    this.#poller = new SharedPoller({ clock, most: mostIds, describe: (ids, signal) => this.#describe(ids, signal) });
  }

  byId(id: string, signal: AbortSignal): Promise<Ec2Volume | undefined> {
    return this.#byId.ask(id, signal);
  }

  /** That this cluster made under the name and that are not being deleted; oldest first. */
  byName(name: string, signal: AbortSignal): Promise<readonly Ec2Volume[]> {
    return this.#byName.ask(name, signal);
  }

  /** As `SharedPoller.until`. */
  until<R>(id: string, check: Check<Ec2Volume, R>, firstMs: number, signal: AbortSignal): Promise<R> {
    return this.#poller.until(id, check, firstMs, signal);
  }

  /** Those that this cluster made. */
  async owned(signal: AbortSignal): Promise<readonly Ec2Volume[]> {
    return this.#all({ Filters: [await this.#clusterFilter(signal), { Name: 'tag-key', Values: [VOLUME_NAME_TAG] }] }, signal);
  }

  /** It was deleted just now, whatever reads show. */
  deleted(id: string): void {
    this.#departed.add(id);
  }

  async #describe(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Ec2Volume>> {
    const found = await this.#read(ids, signal);
    return new Map(found.map((volume) => [volume.id, volume]));
  }

  async #read(ids: readonly string[], signal: AbortSignal): Promise<readonly Ec2Volume[]> {
    try {
      return await this.#pages({ VolumeIds: [...ids] }, signal);
    } catch (error) {
      if (awsCode(error) !== 'InvalidVolume.NotFound') throw asUnavailable(error);
    }
    if (ids.length === 1) return [];
    // One that is not there spoils the call by ids, and a filter passes over it.
    const parts = Array.from({ length: Math.ceil(ids.length / mostValues) }, (_part, index) => ids.slice(index * mostValues, (index + 1) * mostValues));
    return (await Promise.all(parts.map((Values) => this.#all({ Filters: [{ Name: 'volume-id', Values }] }, signal)))).flat();
  }

  async #describeNames(names: readonly string[], signal: AbortSignal): Promise<readonly (readonly Ec2Volume[])[]> {
    const found = await this.#all({ Filters: [{ Name: `tag:${VOLUME_NAME_TAG}`, Values: [...names] }, await this.#clusterFilter(signal)] }, signal);
    const alive = found.filter(({ state }) => state !== 'deleting' && state !== 'deleted').sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    const byName = Map.groupBy(alive, ({ tags }) => tags.get(VOLUME_NAME_TAG) ?? '');
    return names.map((name) => byName.get(name) ?? []);
  }

  async #clusterFilter(signal: AbortSignal): Promise<{ readonly Name: string; readonly Values: string[] }> {
    return { Name: `tag:${clusterTag(await this.#context.clusterId(signal))}`, Values: ['owned'] };
  }

  async #all(input: DescribeVolumesCommandInput, signal: AbortSignal): Promise<readonly Ec2Volume[]> {
    try {
      return await this.#pages({ ...input, MaxResults: mostIds }, signal);
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  async #pages(input: DescribeVolumesCommandInput, signal: AbortSignal): Promise<readonly Ec2Volume[]> {
    const found: Ec2Volume[] = [];
    let NextToken: string | undefined;
    do {
      const answer = await this.#context.api.ec2(new DescribeVolumesCommand({ ...input, ...(NextToken === undefined ? {} : { NextToken }) }), signal);
      found.push(...(answer.Volumes ?? []).map((volume) => this.#asSeen(ec2Volume(volume))));
      NextToken = answer.NextToken === '' ? undefined : answer.NextToken;
    } while (NextToken !== undefined);
    return found;
  }

  #asSeen(volume: Ec2Volume): Ec2Volume {
    return this.#departed.has(volume.id) ? { ...volume, state: 'deleting', attachments: [] } : volume;
  }
}

/** A read that fails decides nothing, whatever the reason. */
export function asUnavailable(error: unknown): unknown {
  return ProviderError.is(error, 'NotFound', 'Invalid', 'Exhausted', 'AlreadyExists', 'Unknown') ? unavailable(error.message, error) : error;
}

export function ec2Volume(volume: SdkVolume): Ec2Volume {
  return {
    id: volume.VolumeId ?? '', zone: volume.AvailabilityZone ?? '', zoneId: volume.AvailabilityZoneId, sizeGiB: volume.Size ?? 0, type: volume.VolumeType ?? '', iops: volume.Iops, throughput: volume.Throughput,
    encrypted: volume.Encrypted === true, kmsKeyId: volume.KmsKeyId, snapshotId: volume.SnapshotId === '' ? undefined : volume.SnapshotId, multiAttach: volume.MultiAttachEnabled === true,
    state: volume.State ?? '', createdAt: volume.CreateTime?.getTime() ?? 0, tags: tagMap(volume.Tags), attachments: (volume.Attachments ?? []).map(attachment).filter(({ state }) => state !== 'detached'),
  };
}

const attachment = ({ InstanceId, Device, State }: SdkAttachment): Ec2Attachment => ({ instanceId: InstanceId ?? '', device: Device ?? '', state: State ?? '' });
