import { DescribeVolumesModificationsCommand, type DescribeVolumesModificationsCommandInput, type VolumeModification as SdkModification } from '@aws-sdk/client-ec2';
import type { AwsContext } from '#providers/aws/context.ts';
import { asUnavailable, mostValues } from './ec2-volumes.ts';
import { SharedPoller, type Check } from './shared-poller.ts';

/** The last change of a volume. */
export interface Ec2Modification {
  readonly state: string;
  readonly message: string | undefined;
  /** Of a hundred. */
  readonly progress: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly sizeGiB: number | undefined;
  readonly type: string | undefined;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
}

/** Reads the last modification of each of many volumes at a time. */
export class Ec2Modifications {
  readonly #context: AwsContext;
  readonly #poller: SharedPoller<Ec2Modification>;

  constructor(context: AwsContext) {
    this.#context = context;
    // By a filter, since by ids one volume that was never modified spoils the call.
    this.#poller = new SharedPoller({ clock: context.clock, most: mostValues, describe: (ids, signal) => this.#read({ Filters: [{ Name: 'volume-id', Values: [...ids] }] }, signal) });
  }

  /** As `SharedPoller.until`; a volume that was never modified is undefined. */
  until<R>(volumeId: string, check: Check<Ec2Modification, R>, firstMs: number, signal: AbortSignal): Promise<R> {
    return this.#poller.until(volumeId, check, firstMs, signal);
  }

  /** Of one volume, now. */
  async last(volumeId: string, signal: AbortSignal): Promise<Ec2Modification | undefined> {
    return (await this.until(volumeId, (seen) => ({ seen }), 0, signal)).seen;
  }

  async #read(input: DescribeVolumesModificationsCommandInput, signal: AbortSignal): Promise<ReadonlyMap<string, Ec2Modification>> {
    const found = new Map<string, Ec2Modification>();
    let NextToken: string | undefined;
    try {
      do {
        const answer = await this.#context.api.ec2(new DescribeVolumesModificationsCommand({ ...input, MaxResults: 500, ...(NextToken === undefined ? {} : { NextToken }) }), signal);
        for (const modification of answer.VolumesModifications ?? []) addLatest(found, modification);
        NextToken = answer.NextToken === '' ? undefined : answer.NextToken;
      } while (NextToken !== undefined);
    } catch (error) {
      throw asUnavailable(error);
    }
    return found;
  }
}

function addLatest(found: Map<string, Ec2Modification>, { VolumeId = '', ModificationState, StatusMessage, Progress = 0, StartTime, TargetSize, TargetVolumeType, TargetIops, TargetThroughput }: SdkModification): void {
  const startedAt = StartTime?.getTime() ?? 0;
  if ((found.get(VolumeId)?.startedAt ?? -Infinity) > startedAt) return;
  found.set(VolumeId, { state: ModificationState ?? '', message: StatusMessage, progress: Progress, startedAt, sizeGiB: TargetSize, type: TargetVolumeType, iops: TargetIops, throughput: TargetThroughput });
}
