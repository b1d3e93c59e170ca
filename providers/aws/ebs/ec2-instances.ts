import { DescribeInstancesCommand, type DescribeInstancesCommandInput, type Instance as SdkInstance } from '@aws-sdk/client-ec2';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import { asUnavailable, mostValues } from './ec2-volumes.ts';

/** A machine as EC2 describes it. */
export interface Ec2Instance {
  readonly id: string;
  readonly state: string;
  readonly type: string;
  /** What is attached, on its way, or on its way out. */
  readonly devices: readonly { readonly device: string; readonly volumeId: string }[];
}

/** Of one call by ids. */
const mostIds = 500;

/** Reads instances, many at a time. */
export class Ec2Instances {
  readonly #context: AwsContext;
  readonly #byId: Coalescer<string, Ec2Instance | undefined>;

  constructor(context: AwsContext) {
    this.#context = context;
    this.#byId = new Coalescer({ clock: context.clock, most: mostIds, keyOf: (id) => id, call: async (ids, signal) => {
      const found = await this.many(ids, signal);
      return ids.map((id) => found.get(id));
    } });
  }

  byId(id: string, signal: AbortSignal): Promise<Ec2Instance | undefined> {
    return this.#byId.ask(id, signal);
  }

  /** Those that EC2 knows, in one call for 500; also terminated ones, for about an hour. */
  async many(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Ec2Instance>> {
    const found = await Promise.all(chunks(ids, mostIds).map((part) => this.#read(part, signal)));
    return new Map(found.flat().map((instance) => [instance.id, instance]));
  }

  async #read(ids: readonly string[], signal: AbortSignal): Promise<readonly Ec2Instance[]> {
    try {
      return await this.#pages({ InstanceIds: [...ids] }, signal);
    } catch (error) {
      if (awsCode(error) !== 'InvalidInstanceID.NotFound') throw asUnavailable(error);
    }
    if (ids.length === 1) return [];
    // One that is not there spoils the call by ids, and a filter passes over it.
    try {
      return (await Promise.all(chunks(ids, mostValues).map((Values) => this.#pages({ Filters: [{ Name: 'instance-id', Values: [...Values] }], MaxResults: 1000 }, signal)))).flat();
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  async #pages(input: DescribeInstancesCommandInput, signal: AbortSignal): Promise<readonly Ec2Instance[]> {
    const found: Ec2Instance[] = [];
    let NextToken: string | undefined;
    do {
      const answer = await this.#context.api.ec2(new DescribeInstancesCommand({ ...input, ...(NextToken === undefined ? {} : { NextToken }) }), signal);
      found.push(...(answer.Reservations ?? []).flatMap(({ Instances = [] }) => Instances.map(ec2Instance)));
      NextToken = answer.NextToken === '' ? undefined : answer.NextToken;
    } while (NextToken !== undefined);
    return found;
  }
}

const chunks = <T>(list: readonly T[], most: number): readonly (readonly T[])[] => Array.from({ length: Math.ceil(list.length / most) }, (_part, index) => list.slice(index * most, (index + 1) * most));

const ec2Instance = ({ InstanceId = '', State, InstanceType, BlockDeviceMappings = [] }: SdkInstance): Ec2Instance => ({
  id: InstanceId, state: State?.Name ?? '', type: InstanceType ?? '', devices: BlockDeviceMappings.map(({ DeviceName = '', Ebs }) => ({ device: DeviceName, volumeId: Ebs?.VolumeId ?? '' })),
});

/** Nothing can be attached to it any more. */
export const isEnding = ({ state }: Ec2Instance): boolean => state === 'terminated' || state === 'shutting-down';
