import { DescribeSnapshotsCommand, type DescribeSnapshotsCommandInput, type Snapshot as SdkSnapshot } from '@aws-sdk/client-ec2';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { clusterTag, type AwsContext } from '#providers/aws/context.ts';
import { asUnavailable, mostValues } from './ec2-volumes.ts';
import { SNAPSHOT_NAME_TAG } from './names.ts';
import { Departed } from './settling.ts';
import { tagMap } from './tags.ts';

/** A snapshot as EC2 describes it. */
export interface Ec2Snapshot {
  readonly id: string;
  readonly volumeId: string;
  readonly sizeGiB: number;
  readonly state: string;
  readonly stateMessage: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly tags: ReadonlyMap<string, string>;
}

/** Reads snapshots, many at a time. */
export class Ec2Snapshots {
  readonly #context: AwsContext;
  readonly #byId: Coalescer<string, Ec2Snapshot | undefined>;
  readonly #byName: Coalescer<string, readonly Ec2Snapshot[]>;
  readonly #departed: Departed;

  constructor(context: AwsContext) {
    this.#context = context;
    this.#departed = new Departed(context.clock);
    const shared = { clock: context.clock, most: mostValues, keyOf: (key: string) => key };
    this.#byId = new Coalescer({ ...shared, call: async (ids, signal) => {
      // Others' too: a volume can be made from a snapshot that somebody shares.
      const found = new Map((await this.#pages({ Filters: [{ Name: 'snapshot-id', Values: [...ids] }] }, signal)).map((snapshot) => [snapshot.id, snapshot]));
      return ids.map((id) => found.get(id));
    } });
    this.#byName = new Coalescer({ ...shared, call: async (names, signal) => {
      const found = await this.#ofCluster({ Name: `tag:${SNAPSHOT_NAME_TAG}`, Values: [...names] }, signal);
      const byName = Map.groupBy(found, ({ tags }) => tags.get(SNAPSHOT_NAME_TAG) ?? '');
      return names.map((name) => byName.get(name) ?? []);
    } });
  }

  byId(id: string, signal: AbortSignal): Promise<Ec2Snapshot | undefined> {
    return this.#byId.ask(id, signal);
  }

  /** That this cluster made under the name, oldest first. */
  byName(name: string, signal: AbortSignal): Promise<readonly Ec2Snapshot[]> {
    return this.#byName.ask(name, signal);
  }

  /** Those that this cluster made. */
  owned(signal: AbortSignal): Promise<readonly Ec2Snapshot[]> {
    return this.#ofCluster({ Name: 'tag-key', Values: [SNAPSHOT_NAME_TAG] }, signal);
  }

  /** It was deleted just now, whatever reads show. */
  deleted(id: string): void {
    this.#departed.add(id);
  }

  async #ofCluster(filter: { readonly Name: string; readonly Values: string[] }, signal: AbortSignal): Promise<readonly Ec2Snapshot[]> {
    const ofCluster = { Name: `tag:${clusterTag(await this.#context.clusterId(signal))}`, Values: ['owned'] };
    const found = await this.#pages({ OwnerIds: ['self'], Filters: [filter, ofCluster] }, signal);
    return found.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  async #pages(input: DescribeSnapshotsCommandInput, signal: AbortSignal): Promise<readonly Ec2Snapshot[]> {
    const found: Ec2Snapshot[] = [];
    let NextToken: string | undefined;
    try {
      do {
        const answer = await this.#context.api.ec2(new DescribeSnapshotsCommand({ ...input, MaxResults: 1000, ...(NextToken === undefined ? {} : { NextToken }) }), signal);
        found.push(...(answer.Snapshots ?? []).map(ec2Snapshot).filter(({ id }) => !this.#departed.has(id)));
        NextToken = answer.NextToken === '' ? undefined : answer.NextToken;
      } while (NextToken !== undefined);
    } catch (error) {
      throw asUnavailable(error);
    }
    return found;
  }
}

export function ec2Snapshot(snapshot: SdkSnapshot): Ec2Snapshot {
  return {
    id: snapshot.SnapshotId ?? '', volumeId: snapshot.VolumeId ?? '', sizeGiB: snapshot.VolumeSize ?? 0, state: snapshot.State ?? '', stateMessage: snapshot.StateMessage,
    createdAt: snapshot.StartTime?.getTime() ?? 0, tags: tagMap(snapshot.Tags),
  };
}
