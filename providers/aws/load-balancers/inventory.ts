import { DescribeLoadBalancersCommand, DescribeTagsCommand, DescribeTargetGroupsCommand, type LoadBalancer as SdkBalancer, type TargetGroup as SdkGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { generatedName } from './options.ts';
import { ownerIn, readTags, targetGroupPrefix, usualName, type Tags } from './ownership.ts';
import { allPages } from './pages.ts';

export interface FoundBalancer {
  readonly arn: string;
  readonly name: string;
  readonly balancer: SdkBalancer;
  readonly tags: Tags;
}

export interface FoundGroup {
  readonly arn: string;
  readonly name: string;
  readonly group: SdkGroup;
  readonly tags: Tags;
}

/** What there is of one service. */
export interface Owned {
  readonly balancers: readonly FoundBalancer[];
  readonly groups: readonly FoundGroup[];
  /** Whether somebody else has a load balancer of that name. */
  isTaken(name: string): boolean;
}

interface Listed {
  readonly balancers: readonly SdkBalancer[];
  readonly groups: readonly SdkGroup[];
}

/** What belonged to somebody else is not asked about again so soon. */
const foreignMs = 10 * 60_000;
/** How long one waits for others who want to know the same. */
const gatherMs = 25;
/** So many characters of a generated name tell one service from nearly all others. */
const telling = 13;
/** As many as one call takes. */
const mostTagged = 20;

/**
 * All load balancers and target groups of the region, by their tags. There is no search by tag, so everything is listed, for all who ask at about the
 * same time at once; tags are read of that only which can be theirs.
 */
export class Inventory {
  readonly #context: AwsContext;
  readonly #lists: Coalescer<string, Listed>;
  readonly #tags: Coalescer<string, Tags | undefined>;
  /** By ARN, whose it is (undefined: nobody's here), and until when that is believed. */
  readonly #others = new Map<string, { readonly uid: string | undefined; readonly until: number }>();

  constructor(context: AwsContext) {
    this.#context = context;
    const { clock } = context;
    this.#lists = new Coalescer({ clock, waitMs: gatherMs, most: 1000, keyOf: () => '', call: async (_questions, signal) => [await this.#list(signal)] });
    this.#tags = new Coalescer({ clock, waitMs: gatherMs, most: mostTagged, keyOf: (arn) => arn, call: (arns, signal) => this.#readTags(arns, signal) });
  }

  async of(owner: LoadBalancerOwner, signal: AbortSignal): Promise<Owned> {
    const clusterId = await this.#context.clusterId(signal);
    const listed = await this.#lists.ask('', signal);
    const isTheirs = ({ tags }: { readonly tags: Tags }): boolean => ownerIn(tags, clusterId)?.uid === owner.uid;
    const prefix = targetGroupPrefix(owner);
    const [balancers, groups] = await Promise.all([
      this.#tagged(listed.balancers.map(foundBalancer).filter((one) => this.#canBeOf(owner, one)), clusterId, signal),
      this.#tagged(listed.groups.map(foundGroup).filter(({ name }) => name.startsWith(prefix)), clusterId, signal),
    ]);
    const own = balancers.filter(isTheirs);
    return {
      balancers: own, groups: groups.filter(isTheirs),
      isTaken: (name) => listed.balancers.some((one) => one.LoadBalancerName === name && !own.some(({ arn }) => arn === one.LoadBalancerArn)),
    };
  }

  /** Of everything in this cluster. */
  async owners(signal: AbortSignal): Promise<readonly LoadBalancerOwner[]> {
    const clusterId = await this.#context.clusterId(signal);
    const { balancers, groups } = await this.#lists.ask('', signal);
    const all = await Promise.all([
      this.#tagged(balancers.filter(({ Type }) => Type === 'network').map(foundBalancer), clusterId, signal),
      this.#tagged(groups.map(foundGroup).filter(({ name }) => name.startsWith('k8s-')), clusterId, signal),
    ]);
    return all.flat().flatMap(({ tags }) => ownerIn(tags, clusterId) ?? []);
  }

  /** Names are free to choose, but those that are given begin as their service's UID does. */
  #canBeOf(owner: LoadBalancerOwner, { arn, name, balancer }: Omit<FoundBalancer, 'tags'>): boolean {
    if (balancer.Type !== 'network') return false;
    if (generatedName.test(name)) return name.slice(0, telling) === usualName(owner).slice(0, telling);
    const other = this.#others.get(arn);
    return other === undefined || other.uid === owner.uid || other.until < this.#context.clock.now();
  }

  async #tagged<T extends { readonly arn: string }>(things: readonly T[], clusterId: string, signal: AbortSignal): Promise<(T & { readonly tags: Tags })[]> {
    const found = await Promise.all(things.map(async (thing) => {
      const tags = await this.#tags.ask(thing.arn, signal);
      if (tags === undefined) return undefined;
      this.#others.set(thing.arn, { uid: ownerIn(tags, clusterId)?.uid, until: this.#context.clock.now() + foreignMs });
      return { ...thing, tags };
    }));
    return found.filter((one) => one !== undefined);
  }

  async #list(signal: AbortSignal): Promise<Listed> {
    const { api } = this.#context;
    const [balancers, groups] = await Promise.all([
      allPages(async (Marker) => {
        const { LoadBalancers, NextMarker } = await api.elb(new DescribeLoadBalancersCommand({ Marker, PageSize: 400 }), signal);
        return [LoadBalancers, NextMarker] as const;
      }),
      allPages(async (Marker) => {
        const { TargetGroups, NextMarker } = await api.elb(new DescribeTargetGroupsCommand({ Marker, PageSize: 400 }), signal);
        return [TargetGroups, NextMarker] as const;
      }),
    ]);
    const present = new Set([...balancers.map(({ LoadBalancerArn }) => LoadBalancerArn), ...groups.map(({ TargetGroupArn }) => TargetGroupArn)]);
    for (const arn of this.#others.keys()) if (!present.has(arn)) this.#others.delete(arn);
    return { balancers, groups };
  }

  async #readTags(arns: readonly string[], signal: AbortSignal): Promise<(Tags | undefined)[]> {
    try {
      const { TagDescriptions = [] } = await this.#context.api.elb(new DescribeTagsCommand({ ResourceArns: [...arns] }), signal);
      const byArn = new Map(TagDescriptions.map(({ ResourceArn, Tags }) => [ResourceArn, readTags(Tags)]));
      return arns.map((arn) => byArn.get(arn));
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
      // One of them is gone since it was listed, and the answer does not say which.
      if (arns.length === 1) return [undefined];
      const middle = Math.ceil(arns.length / 2);
      return [...await this.#readTags(arns.slice(0, middle), signal), ...await this.#readTags(arns.slice(middle), signal)];
    }
  }
}

const foundBalancer = (balancer: SdkBalancer): Omit<FoundBalancer, 'tags'> => ({ arn: balancer.LoadBalancerArn ?? '', name: balancer.LoadBalancerName ?? '', balancer });
const foundGroup = (group: SdkGroup): Omit<FoundGroup, 'tags'> => ({ arn: group.TargetGroupArn ?? '', name: group.TargetGroupName ?? '', group });
