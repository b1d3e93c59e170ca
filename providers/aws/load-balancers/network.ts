import {
  DescribeInstancesCommand, DescribeSecurityGroupRulesCommand, DescribeSecurityGroupsCommand, DescribeSubnetsCommand, DescribeVpcsCommand,
  type SecurityGroup, type SecurityGroupRule, type Subnet,
} from '@aws-sdk/client-ec2';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { clusterTag, type AwsContext } from '#providers/aws/context.ts';
import { ownerIn, readTags, uidTag } from './ownership.ts';
import { allPages } from './pages.ts';

/** What was read of the network is believed so long. */
const staleMs = 10 * 60_000;
const gatherMs = 25;
/** As many values as one filter takes. */
const mostFiltered = 200;

const isGroupId = (text: string): boolean => /^sg-[0-9a-f]+$/.test(text);

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

/** What EC2 says of the network around load balancers. What changes seldom is kept for a while; all who ask at about the same time are answered at once. */
export class Network {
  readonly #context: AwsContext;
  readonly #groupsOf: Coalescer<string, readonly SecurityGroup[]>;
  readonly #rulesOf: Coalescer<string, readonly SecurityGroupRule[]>;
  readonly #groupsOfInstance: Coalescer<string, readonly string[]>;
  readonly #subnets: Coalescer<string, readonly Subnet[]>;
  readonly #kept = new Map<string, Kept<readonly string[]>>();
  #subnetsKept: Kept<readonly Subnet[]> | undefined;
  #ranges: Kept<readonly string[]> | undefined;

  constructor(context: AwsContext) {
    this.#context = context;
    const shared = { clock: context.clock, waitMs: gatherMs, most: mostFiltered, keyOf: (question: string) => question };
    this.#groupsOf = new Coalescer({ ...shared, call: (uids, signal) => this.#readGroups(uids, signal) });
    this.#rulesOf = new Coalescer({ ...shared, call: (uids, signal) => this.#readRules(uids, signal) });
    this.#groupsOfInstance = new Coalescer({ ...shared, most: 500, call: (ids, signal) => this.#readInstances(ids, signal) });
    this.#subnets = new Coalescer({ ...shared, call: async (_questions, signal) => [await this.#readSubnets(signal)] });
  }

  /** Security groups that were made for the owner. */
  groupsOf(uid: string, signal: AbortSignal): Promise<readonly SecurityGroup[]> {
    return this.#groupsOf.ask(uid, signal);
  }

  /** Rules that were made for the owner, in whatever security group. */
  rulesOf(uid: string, signal: AbortSignal): Promise<readonly SecurityGroupRule[]> {
    return this.#rulesOf.ask(uid, signal);
  }

  /** The subnets of the VPC. @param isFresh not older than the question */
  async subnets(signal: AbortSignal, isFresh = false): Promise<readonly Subnet[]> {
    if (!isFresh && this.#isKept(this.#subnetsKept)) return this.#subnetsKept.value;
    return this.#subnets.ask('', signal);
  }

  /** The VPC's own addresses. */
  async ranges(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#isKept(this.#ranges)) return this.#ranges.value;
    const { Vpcs = [] } = await this.#context.api.ec2(new DescribeVpcsCommand({ VpcIds: [await this.#context.vpcId(signal)] }), signal);
    const ranges = Vpcs.flatMap(({ CidrBlock, CidrBlockAssociationSet = [], Ipv6CidrBlockAssociationSet = [] }) =>
      [CidrBlock, ...CidrBlockAssociationSet.map((one) => one.CidrBlock), ...Ipv6CidrBlockAssociationSet.map((one) => one.Ipv6CidrBlock)].filter((one) => one !== undefined));
    this.#ranges = this.#keep([...new Set(ranges)]);
    return ranges;
  }

  /**
   * The security group of each instance that lets load balancers in: its only one, or of several the one with the cluster's tag. Instances of which there
   * is none, or which are not there, have none.
   */
  async doorsOf(instanceIds: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const doors = await Promise.all(instanceIds.map(async (id) => {
      const kept = this.#kept.get(id);
      return this.#isKept(kept) ? kept.value : this.#groupsOfInstance.ask(id, signal);
    }));
    return [...new Set(doors.flat())].toSorted();
  }

  /** Ids of security groups of the VPC by their ids or names (the tag Name); undefined for those that are not there. */
  async groupIds(names: readonly string[], signal: AbortSignal): Promise<readonly (string | undefined)[]> {
    const vpc = { Name: 'vpc-id', Values: [await this.#context.vpcId(signal)] };
    const [ids, words] = [names.filter(isGroupId), names.filter((name) => !isGroupId(name))];
    const groups = (await Promise.all([
      ids.length === 0 ? [] : this.#describeGroups([vpc, { Name: 'group-id', Values: ids }], signal),
      words.length === 0 ? [] : this.#describeGroups([vpc, { Name: 'tag:Name', Values: words }], signal),
    ])).flat();
    return names.map((name) => groups.find(({ GroupId, Tags }) => (isGroupId(name) ? GroupId : readTags(Tags).get('Name')) === name)?.GroupId);
  }

  /** Uids of all owners in this cluster for whom there are security groups or rules. */
  async marked(signal: AbortSignal): Promise<readonly ReturnType<typeof ownerIn>[]> {
    const clusterId = await this.#context.clusterId(signal);
    const filters = [{ Name: `tag:${clusterTag(clusterId)}`, Values: ['owned'] }, { Name: 'tag-key', Values: [uidTag] }];
    const [groups, rules] = await Promise.all([this.#describeGroups(filters, signal), this.#describeRules(filters, signal)]);
    return [...groups, ...rules].map(({ Tags }) => ownerIn(readTags(Tags), clusterId));
  }

  #isKept<T>(kept: Kept<T> | undefined): kept is Kept<T> {
    return kept !== undefined && kept.until > this.#context.clock.now();
  }

  #keep<T>(value: T): Kept<T> {
    return { value, until: this.#context.clock.now() + staleMs };
  }

  async #readSubnets(signal: AbortSignal): Promise<readonly Subnet[]> {
    const filters = [{ Name: 'vpc-id', Values: [await this.#context.vpcId(signal)] }];
    const subnets = await allPages(async (NextToken) => {
      const answer = await this.#context.api.ec2(new DescribeSubnetsCommand({ Filters: filters, NextToken }), signal);
      return [answer.Subnets, answer.NextToken] as const;
    });
    this.#subnetsKept = this.#keep(subnets);
    return subnets;
  }

  async #readGroups(uids: readonly string[], signal: AbortSignal): Promise<readonly (readonly SecurityGroup[])[]> {
    return this.#byOwner(uids, await this.#describeGroups(await this.#marks(uids, signal), signal));
  }

  async #readRules(uids: readonly string[], signal: AbortSignal): Promise<readonly (readonly SecurityGroupRule[])[]> {
    return this.#byOwner(uids, await this.#describeRules(await this.#marks(uids, signal), signal));
  }

  async #marks(uids: readonly string[], signal: AbortSignal): Promise<{ Name: string; Values: string[] }[]> {
    return [{ Name: `tag:${clusterTag(await this.#context.clusterId(signal))}`, Values: ['owned'] }, { Name: `tag:${uidTag}`, Values: [...uids] }];
  }

  #byOwner<T extends Pick<SecurityGroup, 'Tags'>>(uids: readonly string[], things: readonly T[]): readonly (readonly T[])[] {
    const byUid = Map.groupBy(things, ({ Tags }) => readTags(Tags).get(uidTag));
    return uids.map((uid) => byUid.get(uid) ?? []);
  }

  #describeGroups(Filters: { Name: string; Values: string[] }[], signal: AbortSignal): Promise<readonly SecurityGroup[]> {
    return allPages(async (NextToken) => {
      const answer = await this.#context.api.ec2(new DescribeSecurityGroupsCommand({ Filters, NextToken }), signal);
      return [answer.SecurityGroups, answer.NextToken] as const;
    });
  }

  #describeRules(Filters: { Name: string; Values: string[] }[], signal: AbortSignal): Promise<readonly SecurityGroupRule[]> {
    return allPages(async (NextToken) => {
      const answer = await this.#context.api.ec2(new DescribeSecurityGroupRulesCommand({ Filters, NextToken }), signal);
      return [answer.SecurityGroupRules, answer.NextToken] as const;
    });
  }

  async #readInstances(ids: readonly string[], signal: AbortSignal): Promise<readonly (readonly string[])[]> {
    // By a filter: one that is gone would have the whole call refused.
    const batches = Array.from({ length: Math.ceil(ids.length / mostFiltered) }, (_none, index) => ids.slice(index * mostFiltered, (index + 1) * mostFiltered));
    const instances = (await Promise.all(batches.map((batch) => allPages(async (NextToken) => {
      const answer = await this.#context.api.ec2(new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [...batch] }], NextToken }), signal);
      return [answer.Reservations?.flatMap(({ Instances = [] }) => Instances), answer.NextToken] as const;
    })))).flat();
    const groupsOf = new Map(instances.map(({ InstanceId = '', SecurityGroups = [] }) => [InstanceId, SecurityGroups.flatMap(({ GroupId }) => GroupId ?? [])]));
    const several = [...new Set([...groupsOf.values()].filter((groups) => groups.length > 1).flat())];
    const tagged = several.length === 0 ? new Set<string>() : await this.#taggedAmong(several, signal);
    return ids.map((id) => {
      const groups = groupsOf.get(id);
      if (groups === undefined) return [];
      const doors = groups.length > 1 ? groups.filter((group) => tagged.has(group)).toSorted().slice(0, 1) : groups;
      this.#kept.set(id, this.#keep(doors));
      return doors;
    });
  }

  async #taggedAmong(groupIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const key = clusterTag(await this.#context.clusterId(signal));
    const groups = await this.#describeGroups([{ Name: 'tag-key', Values: [key] }, { Name: 'group-id', Values: groupIds.slice(0, mostFiltered) }], signal);
    return new Set(groups.flatMap(({ GroupId }) => GroupId ?? []));
  }
}
