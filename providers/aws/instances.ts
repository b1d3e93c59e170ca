import { DescribeAvailabilityZonesCommand, DescribeTagsCommand, type Instance } from '@aws-sdk/client-ec2';
import { LruMap } from '#core/client/lru-map.ts';
import type { InstanceAnswer, InstanceQuestion, Instances, OwnNames } from '#core/spi/instances.ts';
import { clusterTag, type AwsContext } from './context.ts';
import { isPrivateName, privateDomain, providerIdOf, providerIdPrefix, wantedBy, type Wanted } from './instances-ids.ts';
import { instancesById, instancesWith, mostIds } from './instances-lookup.ts';
import { metadataOf } from './instances-metadata.ts';
import { Lasting } from './place-lasting.ts';

/** For so long after an id was asked for first, the platform may only not have heard of it yet. */
const youngMs = 2 * 60_000;
const mostRemembered = 20_000;

interface Memory {
  readonly since: number;
  /** It was there. */
  isSeen: boolean;
}

/** By what was wanted, id or name: the instances, or why nothing is known. */
type Found = { readonly instances: ReadonlyMap<string, readonly Instance[]> } | { readonly failure: unknown };

interface Findings {
  readonly found: Found | undefined;
  /** Of the question. */
  readonly providerId: string;
  readonly region: string;
}

/**
 * The instances of one account in one region. An id that EC2 does not know is `gone` only when it was asked for two minutes ago already, and either was there before, or
 * names this region, and something in the account carries the cluster's tag: with credentials of another account, all nodes' instances would seem to be gone.
 */
export class AwsInstances implements Instances, OwnNames {
  readonly provider = 'aws';
  readonly providerIdPrefix = providerIdPrefix;
  readonly mostPerCall = mostIds;
  readonly #context: AwsContext;
  readonly #memory = new LruMap<Memory>(mostRemembered);
  readonly #zoneIds: Lasting<ReadonlyMap<string, string>>;
  readonly #isOurAccount: Lasting<boolean>;

  constructor(context: AwsContext) {
    this.#context = context;
    const { clock, log } = context;
    this.#zoneIds = new Lasting<ReadonlyMap<string, string>>({
      clock, find: (signal) => this.#readZones(signal), isLasting: ({ size }) => size > 0,
      otherwise: (error) => {
        log.warn('nodes do not get the ids of their zones', { error });
        return new Map();
      },
    });
    this.#isOurAccount = new Lasting({
      clock, find: (signal) => this.#hasTags(signal), isLasting: (isOurs) => isOurs,
      otherwise: (error) => {
        log.warn('whether these are the credentials of the cluster\'s account is not known', { error });
        return false;
      },
    });
  }

  /** Other names are nobody's: nodes with those say by their provider id, or the taint's value, whose they are. */
  ownsName(node: string): boolean {
    return isPrivateName(node);
  }

  async describe(questions: readonly InstanceQuestion[], signal: AbortSignal): Promise<readonly InstanceAnswer[]> {
    signal.throwIfAborted();
    if (questions.length === 0) return [];
    const region = await this.#context.region(signal);
    const wanted = questions.map((question) => wantedBy(question, region));
    const [ids, names] = await Promise.all([this.#findIds(wanted, signal), this.#findNames(wanted, region, signal)]);
    signal.throwIfAborted();
    const asked = [ids, names].filter((found) => found !== undefined);
    const failures = asked.flatMap((found) => ('failure' in found ? [found.failure] : []));
    if (failures.length > 0 && failures.length === asked.length) throw failures[0];
    const answers: InstanceAnswer[] = [];
    for (const [i, one] of wanted.entries()) answers.push(await this.#answer(one, { found: one.by === 'id' ? ids : names, providerId: questions[i]?.providerId ?? '', region }, signal));
    return answers;
  }

  #findIds(wanted: readonly Wanted[], signal: AbortSignal): Promise<Found | undefined> {
    const ids = wanted.flatMap((one) => (one.by === 'id' ? [one.instanceId] : []));
    return tried(ids, async () => new Map([...(await instancesById(this.#context.api, ids, signal))].map(([id, instance]) => [id, [instance]])));
  }

  #findNames(wanted: readonly Wanted[], region: string, signal: AbortSignal): Promise<Found | undefined> {
    const names = wanted.flatMap((one) => (one.by === 'name' ? [one] : []));
    return tried(names, async () => {
      const { api } = this.#context;
      const tag = clusterTag(await this.#context.clusterId(signal));
      const found = await Promise.all([
        instancesWith(api, 'private-dns-name', [...new Set(names.map(({ name }) => name))], [tag], signal),
        instancesWith(api, 'instance-id', [...new Set(names.flatMap(({ instanceId = [] }) => instanceId))], [tag], signal),
      ]);
      const instances = [...new Map(found.flat().map((one) => [one.InstanceId, one])).values()].filter(({ State }) => State?.Name !== 'terminated');
      const named = instances.flatMap((instance) => namesOf(instance, region).map((name) => ({ name, instance })));
      return new Map([...Map.groupBy(named, ({ name }) => name)].map(([name, all]) => [name, all.map(({ instance }) => instance)]));
    });
  }

  async #answer(wanted: Wanted, { found, providerId, region }: Findings, signal: AbortSignal): Promise<InstanceAnswer> {
    if (wanted.by === 'nothing') return { state: 'unknown', reason: wanted.reason };
    if (found === undefined || 'failure' in found) return { state: 'unknown', reason: messageOf(found?.failure) };
    const [instance, ...others] = found.instances.get(wanted.by === 'id' ? wanted.instanceId : wanted.name) ?? [];
    if (others.length > 0) return { state: 'unknown', reason: `${others.length + 1} instances of the cluster have the same name` };
    if (instance !== undefined) return this.#described(instance, { providerId, region }, signal);
    return wanted.by === 'id' ? this.#absent(wanted, region, signal) : { state: 'gone' };
  }

  async #described(instance: Instance, { providerId, region }: Pick<Findings, 'providerId' | 'region'>, signal: AbortSignal): Promise<InstanceAnswer> {
    const { InstanceId: instanceId = '', Placement: { AvailabilityZone: zone = '', AvailabilityZoneId } = {}, State: { Name: state } = {} } = instance;
    this.#remember(instanceId).isSeen = true;
    if (state === 'terminated') return { state: 'gone' };
    const zoneId = AvailabilityZoneId ?? (await this.#zoneIds.get(signal)).get(zone) ?? '';
    const metadata = metadataOf(instance, { providerId: providerId === '' ? providerIdOf(zone, instanceId) : providerId, region, zoneId });
    return { state: state === 'stopped' ? 'shut-down' : 'running', metadata };
  }

  async #absent({ instanceId, isPlaced }: Wanted & { readonly by: 'id' }, region: string, signal: AbortSignal): Promise<InstanceAnswer> {
    const { since, isSeen } = this.#remember(instanceId);
    const reason = `EC2 knows no instance ${instanceId} in ${region}`;
    if (this.#context.clock.now() - since < youngMs) return { state: 'unknown', reason: `${reason}, or not yet` };
    if (isSeen) return { state: 'gone' };
    if (!isPlaced) return { state: 'unknown', reason: `${reason}, and its id does not say that it ever was there` };
    if (await this.#isOurAccount.get(signal)) return { state: 'gone' };
    const tag = clusterTag(await this.#context.clusterId(signal));
    return { state: 'unknown', reason: `${reason}, but nothing there is known to carry the tag ${tag}: it may not be the cluster's account` };
  }

  #remember(instanceId: string): Memory {
    return this.#memory.getOrMake(instanceId, () => ({ since: this.#context.clock.now(), isSeen: false }));
  }

  async #hasTags(signal: AbortSignal): Promise<boolean> {
    const tag = clusterTag(await this.#context.clusterId(signal));
    const { Tags = [] } = await this.#context.api.ec2(new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: [tag] }], MaxResults: 5 }), signal);
    return Tags.length > 0;
  }

  async #readZones(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { AvailabilityZones = [] } = await this.#context.api.ec2(new DescribeAvailabilityZonesCommand({ AllAvailabilityZones: true }), signal);
    return new Map(AvailabilityZones.map(({ ZoneName = '', ZoneId = '' }) => [ZoneName, ZoneId]));
  }
}

/** Undefined when nothing is wanted. */
async function tried(wanted: readonly unknown[], find: () => Promise<ReadonlyMap<string, readonly Instance[]>>): Promise<Found | undefined> {
  if (wanted.length === 0) return undefined;
  try {
    return { instances: await find() };
  } catch (failure) {
    return { failure };
  }
}

const namesOf = ({ InstanceId = '', PrivateDnsName = '' }: Instance, region: string): readonly string[] => [...new Set([PrivateDnsName, InstanceId, `${InstanceId}.${privateDomain(region)}`])];

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
