import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import { clusterTag, type AwsContext } from '#providers/aws/context.ts';
import { annotationPrefix } from './annotations.ts';
import type { Network } from './network.ts';
import type { Options } from './options.ts';
import type { Tags } from './ownership.ts';
import { permissionKey, type Permission } from './permissions.ts';
import { instanceIdOf, type Plan } from './plan.ts';
import type { SecurityGroups } from './security-groups.ts';
import type { Place } from './subnets.ts';
import { frontendPermissions, nodePermissions } from './wanted-permissions.ts';

/** By whom traffic is let in, before the load balancer and at the nodes. */
export interface OpenDoors {
  /** Of the load balancer. */
  readonly groupIds: readonly string[];
  /** By which nodes know it; its own or those that were given. */
  readonly peers: readonly string[];
  readonly subnetRanges: readonly string[];
  /** The rules at the nodes, each with its group. */
  readonly rules: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

interface Wanted {
  readonly request: LoadBalancerRequest;
  readonly options: Options;
  readonly plan: Plan;
  readonly tags: Tags;
}

const ruleKeys = (groupIds: readonly string[], permissions: readonly Permission[]): string[] => groupIds.flatMap((groupId) => permissions.map((permission) => `${groupId} ${permissionKey(permission)}`));

/** Security groups and their rules, from the clients to the nodes. */
export class Doors {
  readonly #context: AwsContext;
  readonly #network: Network;
  readonly #groups: SecurityGroups;

  constructor(context: AwsContext, network: Network, groups: SecurityGroups) {
    this.#context = context;
    this.#network = network;
    this.#groups = groups;
  }

  async ensure(wanted: Wanted, places: readonly Place[], signal: AbortSignal): Promise<OpenDoors> {
    const { request, options, plan, tags } = wanted;
    const { groupIds, peers } = await this.#frontend(wanted, signal);
    const subnetRanges = options.frontend.kind === 'none' ? await this.#rangesOf(places, signal) : [];
    const nodeGroups = await this.#nodeGroups(request, signal);
    const permissions = nodePermissions(request, options, plan, peers, subnetRanges);
    await this.#groups.ensureNodeRules(request.owner, nodeGroups, permissions, tags, signal);
    const hasNone = request.targets.length > 0 && nodeGroups.length === 0;
    return {
      groupIds, peers, subnetRanges, rules: new Set(ruleKeys(nodeGroups, permissions)),
      warnings: hasNone ? [`no rule lets it in to its nodes: none of their security groups has the tag ${clusterTag(await this.#context.clusterId(signal))}, and the setting aws.securityGroupIds names none`] : [],
    };
  }

  /** Nodes may have come whose groups do not let it in yet, and pods with other ports. */
  async widen({ request, options, plan, tags }: Wanted, open: OpenDoors, signal: AbortSignal): Promise<OpenDoors> {
    const nodeGroups = await this.#nodeGroups(request, signal);
    const permissions = nodePermissions(request, options, plan, open.peers, open.subnetRanges);
    const keys = ruleKeys(nodeGroups, permissions);
    if (keys.every((key) => open.rules.has(key))) return open;
    await this.#groups.ensureNodeRules(request.owner, nodeGroups, permissions, tags, signal);
    return { ...open, rules: new Set(keys) };
  }

  /** When others have taken its place. As long as the load balancer lets go of it, it stays for the next time. */
  async removeOwn(uid: string, signal: AbortSignal): Promise<void> {
    for (const { GroupId = '' } of await this.#network.groupsOf(uid, signal)) {
      try {
        await this.#groups.remove(GroupId, signal);
      } catch (error) {
        if (!ProviderError.is(error, 'Unavailable')) throw error;
      }
    }
  }

  async #frontend({ request, options, plan, tags }: Wanted, signal: AbortSignal): Promise<Pick<OpenDoors, 'groupIds' | 'peers'>> {
    const { frontend } = options;
    if (frontend.kind === 'none') return { groupIds: [], peers: [] };
    const named = await this.#named(frontend.kind === 'own' ? 'extra-security-groups' : 'security-groups', frontend.kind === 'own' ? frontend.more : frontend.groups, signal);
    if (frontend.kind === 'given') return { groupIds: named, peers: frontend.letsIn ? named : [] };
    const own = await this.#groups.ensureOwn(request.owner, frontendPermissions(request, options, plan), tags, signal);
    return { groupIds: [own, ...named], peers: [own] };
  }

  async #named(annotation: string, names: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    if (names.length === 0) return [];
    const ids = await this.#network.groupIds(names, signal);
    return ids.map((id, index) => {
      if (id === undefined) throw new ProviderError('Invalid', `the annotation ${annotationPrefix}${annotation}: ${JSON.stringify(names[index])} is no security group of the VPC, neither by its id nor by its tag Name`);
      return id;
    });
  }

  async #rangesOf(places: readonly Place[], signal: AbortSignal): Promise<readonly string[]> {
    const ids = new Set(places.map(({ subnetId }) => subnetId));
    const subnets = (await this.#network.subnets(signal)).filter(({ SubnetId = '' }) => ids.has(SubnetId));
    return subnets.flatMap(({ CidrBlock, Ipv6CidrBlockAssociationSet = [] }) => [CidrBlock, ...Ipv6CidrBlockAssociationSet.map(({ Ipv6CidrBlock }) => Ipv6CidrBlock)].filter((range) => range !== undefined));
  }

  async #nodeGroups({ targets }: LoadBalancerRequest, signal: AbortSignal): Promise<readonly string[]> {
    const { securityGroupIds } = this.#context.settings;
    if (securityGroupIds.length > 0) return securityGroupIds;
    return this.#network.doorsOf(targets.flatMap(instanceIdOf), signal);
  }
}
