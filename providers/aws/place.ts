import { DescribeInstancesCommand, DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { systemClock, type Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsApi } from './api.ts';
import { Lasting } from './place-lasting.ts';
import { MetadataService, type Ec2Machine } from './place-metadata.ts';
import { isRegionName, regionOfZone } from './place-names.ts';
import { Once } from './place-once.ts';
import type { AwsSettings } from './settings.ts';

export type { Ec2Machine } from './place-metadata.ts';

export interface AwsPlaceOptions {
  readonly settings: Pick<AwsSettings, 'region' | 'zone' | 'vpcId' | 'subnetIds' | 'profile'>;
  /** `AWS_REGION` and `AWS_DEFAULT_REGION`, and what the metadata service heeds. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  /** What the shared configuration says for a profile; by the SDK's own way by default. */
  readonly sharedRegion?: (profile: string | undefined) => Promise<string | undefined>;
  /** How long the metadata service may take for a request, in milliseconds; 1 s by default. */
  readonly timeoutMs?: number;
}


/**
 * Where the cluster is. Each word is looked for once, and only when somebody asks: in the settings, in the environment and the shared configuration, and
 * at last in the metadata of this machine.
 */
export class AwsPlace {
  readonly #options: AwsPlaceOptions;
  readonly #region = new Once((signal) => this.#findRegion(signal));
  readonly #vpc = new Map<Pick<AwsApi, 'ec2'>, Once<string>>();
  /** Or why there is none. */
  readonly #machine: Lasting<Ec2Machine | string>;

  constructor(options: AwsPlaceOptions) {
    this.#options = options;
    const { environment, clock = systemClock, fetch: send, timeoutMs } = options;
    const metadata = new MetadataService({ environment, ...(send === undefined ? {} : { fetch: send }), ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    this.#machine = new Lasting({ clock, find: (signal) => metadata.machine(signal), isLasting: (answer) => typeof answer !== 'string', otherwise: String });
  }

  /** @throws {ProviderError} Invalid when nobody says it, or it is none */
  region(signal: AbortSignal): Promise<string> {
    return this.#region.get(signal);
  }

  /** Undefined when nobody says it, or this machine is in another region. */
  async zone(signal: AbortSignal): Promise<string | undefined> {
    const { zone } = this.#options.settings;
    const region = await this.region(signal);
    if (zone !== undefined) return zone;
    const machine = await this.self(signal);
    return machine?.region === region ? machine.zone : undefined;
  }

  /** @throws {ProviderError} Invalid when nobody says it */
  vpcId(api: Pick<AwsApi, 'ec2'>, signal: AbortSignal): Promise<string> {
    const found = this.#vpc.get(api) ?? new Once((life) => this.#findVpc(api, life));
    this.#vpc.set(api, found);
    return found.get(signal);
  }

  /** The instance on which this process runs; undefined when it is none, or is not known to be one. */
  async self(signal: AbortSignal): Promise<Ec2Machine | undefined> {
    const answer = await this.#machine.get(signal);
    return typeof answer === 'string' ? undefined : answer;
  }

  async #findRegion(signal: AbortSignal): Promise<string> {
    const known = configuredRegion(this.#options.settings) ?? (await this.#surroundingRegion());
    if (known !== undefined) return known;
    const machine = await this.#machine.get(signal);
    if (typeof machine !== 'string') return machine.region;
    throw new ProviderError('Invalid', `nobody says which region of AWS is meant: name it in aws.region, in AWS_REGION, or in the shared configuration; ${machine}`);
  }

  async #surroundingRegion(): Promise<string | undefined> {
    const { settings: { profile }, environment, sharedRegion = sdkRegion } = this.#options;
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
      const { [name]: region = '' } = environment;
      if (region !== '') return checked(name, region);
    }
    const shared = await sharedRegion(profile ?? environment['AWS_PROFILE']);
    return shared === undefined ? undefined : checked('the region of the shared configuration', shared);
  }

  async #findVpc(api: Pick<AwsApi, 'ec2'>, signal: AbortSignal): Promise<string> {
    const { vpcId, subnetIds: [subnetId] } = this.#options.settings;
    if (vpcId !== undefined) return vpcId;
    const region = await this.region(signal);
    if (subnetId !== undefined) {
      // By a filter, for which an absent one is no error.
      const { Subnets = [] } = await api.ec2(new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: [subnetId] }] }), signal);
      const [found] = Subnets;
      if (found?.VpcId === undefined) throw new ProviderError('Invalid', `aws.subnetIds names ${JSON.stringify(subnetId)}, which is no subnet in ${region}`);
      return found.VpcId;
    }
    const machine = await this.#machine.get(signal);
    const own = typeof machine === 'string' || machine.region !== region ? undefined : machine.instanceId;
    const found = (own === undefined ? undefined : await vpcOfInstance(api, own, signal)) ?? await defaultVpc(api, signal);
    if (found !== undefined) return found;
    const why = typeof machine === 'string' ? machine : `this machine is ${machine.instanceId} in ${machine.region}, of which EC2 in ${region} knows no VPC`;
    throw new ProviderError('Invalid', `nobody says which VPC is meant, and the region has no default one: name it in aws.vpcId, or its subnets in aws.subnetIds; ${why}`);
  }
}

async function vpcOfInstance(api: Pick<AwsApi, 'ec2'>, instanceId: string, signal: AbortSignal): Promise<string | undefined> {
  const { Reservations = [] } = await api.ec2(new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [instanceId] }] }), signal);
  return Reservations.flatMap(({ Instances = [] }) => Instances)[0]?.VpcId;
}

async function defaultVpc(api: Pick<AwsApi, 'ec2'>, signal: AbortSignal): Promise<string | undefined> {
  const { Vpcs = [] } = await api.ec2(new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }), signal);
  return Vpcs[0]?.VpcId;
}

function configuredRegion({ region, zone }: Pick<AwsSettings, 'region' | 'zone'>): string | undefined {
  if (zone !== undefined && regionOfZone(zone) === undefined) throw new ProviderError('Invalid', `aws.zone is ${JSON.stringify(zone)}, which is no name of a zone such as us-west-2a`);
  const named = region === undefined ? undefined : checked('aws.region', region);
  if (named !== undefined && zone !== undefined && regionOfZone(zone) !== named) throw new ProviderError('Invalid', `aws.zone ${zone} is not in aws.region ${named}`);
  return named ?? (zone === undefined ? undefined : regionOfZone(zone));
}

/** It becomes part of a host's name. */
function checked(from: string, region: string): string {
  if (isRegionName(region)) return region;
  throw new ProviderError('Invalid', `${from} is ${JSON.stringify(region)}, which is no name of a region such as us-west-2`);
}

/** Of the shared configuration file; it counts its own variables. */
async function sdkRegion(profile: string | undefined): Promise<string | undefined> {
  const client = new EC2Client(profile === undefined ? {} : { profile });
  try {
    return await client.config.region();
  } catch {
    // It says by an error that there is none.
    return undefined;
  } finally {
    client.destroy();
  }
}
