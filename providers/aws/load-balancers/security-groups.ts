import {
  AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, CreateTagsCommand, DeleteSecurityGroupCommand, RevokeSecurityGroupIngressCommand, type SecurityGroup, type SecurityGroupRule,
} from '@aws-sdk/client-ec2';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import type { Network } from './network.ts';
import { readTags, securityGroupName, writeTags, type Tags } from './ownership.ts';
import { difference, onceSeen } from './patience.ts';
import { permissionKey, permissionOf, permissionsIn, sdkPermissions, type Permission } from './permissions.ts';

/** The security group before a load balancer, and the rules by which nodes let it in. */
export class SecurityGroups {
  readonly #context: AwsContext;
  readonly #network: Network;

  constructor(context: AwsContext, network: Network) {
    this.#context = context;
    this.#network = network;
  }

  /** The owner's own group with exactly these rules. @returns its id */
  async ensureOwn(owner: LoadBalancerOwner, wanted: readonly Permission[], tags: Tags, signal: AbortSignal): Promise<string> {
    const [found] = (await this.#network.groupsOf(owner.uid, signal)).toSorted((a, b) => ((a.GroupId ?? '') < (b.GroupId ?? '') ? -1 : 1));
    if (found === undefined) return this.#make(owner, wanted, tags, signal);
    await this.#adjust(found, owner, wanted, tags, signal);
    return found.GroupId ?? '';
  }

  /** Exactly these rules of the owner's in these groups, and none of its in others. */
  async ensureNodeRules(owner: LoadBalancerOwner, groupIds: readonly string[], wanted: readonly Permission[], tags: Tags, signal: AbortSignal): Promise<void> {
    const rules = await this.#network.rulesOf(owner.uid, signal);
    const key = (groupId: string, permission: Permission): string => `${groupId} ${permissionKey(permission)}`;
    const there = new Set(rules.map((rule) => key(rule.GroupId ?? '', permissionOf(rule))));
    for (const groupId of groupIds) {
      await this.#authorize(groupId, wanted.filter((permission) => !there.has(key(groupId, permission))), owner, tags, signal);
    }
    const kept = new Set(groupIds.flatMap((groupId) => wanted.map((permission) => key(groupId, permission))));
    await this.revoke(rules.filter((rule) => !kept.has(key(rule.GroupId ?? '', permissionOf(rule)))), signal);
  }

  /** Takes away rules by their ids. Those that are gone already are. */
  async revoke(rules: readonly SecurityGroupRule[], signal: AbortSignal): Promise<void> {
    for (const [GroupId = '', those] of Map.groupBy(rules, (rule) => rule.GroupId)) {
      const ids = those.flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
      await this.#ifThere(() => this.#context.api.ec2(new RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds: ids }), signal), async () => {
        // One of several is gone.
        if (ids.length > 1) for (const rule of those) await this.revoke([rule], signal);
      });
    }
  }

  /** @throws {ProviderError} Unavailable as long as something uses it */
  async remove(groupId: string, signal: AbortSignal): Promise<void> {
    await this.#ifThere(() => this.#context.api.ec2(new DeleteSecurityGroupCommand({ GroupId: groupId }), signal));
  }

  async #make(owner: LoadBalancerOwner, wanted: readonly Permission[], tags: Tags, signal: AbortSignal): Promise<string> {
    const { api } = this.#context;
    const GroupName = securityGroupName(owner);
    const { GroupId = '' } = await this.#unlessThere(GroupName, () => this.#context.vpcId(signal).then((VpcId) => api.ec2(new CreateSecurityGroupCommand({
      GroupName, VpcId, Description: `load balancer of service ${owner.namespace}/${owner.name}`, TagSpecifications: [{ ResourceType: 'security-group', Tags: writeTags(tags) }],
    }), signal)));
    await this.#authorize(GroupId, wanted, owner, undefined, signal);
    return GroupId;
  }

  async #unlessThere<T>(name: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      if (!ProviderError.is(error, 'AlreadyExists')) throw error;
      // Its name has the service's UID: it was made a moment ago, and its tags do not show yet. Unless somebody took the tags away.
      throw new ProviderError('Unavailable', `the security group ${name} is there, but does not show the tags by which it is known as this service's`, { cause: error });
    }
  }

  async #adjust(group: SecurityGroup, owner: LoadBalancerOwner, wanted: readonly Permission[], tags: Tags, signal: AbortSignal): Promise<void> {
    const { GroupId = '', IpPermissions, Tags } = group;
    const missingTags = difference(tags, readTags(Tags));
    if (missingTags.size > 0) await this.#context.api.ec2(new CreateTagsCommand({ Resources: [GroupId], Tags: writeTags(missingTags) }), signal);
    const there = permissionsIn(IpPermissions);
    const [has, wants] = [there, wanted].map((permissions) => new Set(permissions.map(permissionKey)));
    await this.#authorize(GroupId, wanted.filter((permission) => has?.has(permissionKey(permission)) !== true), owner, undefined, signal);
    const surplus = there.filter((permission) => wants?.has(permissionKey(permission)) !== true);
    if (surplus.length === 0) return;
    await this.#ifThere(() => this.#context.api.ec2(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: sdkPermissions(surplus) }), signal));
  }

  /** @param tags of the rules; none in a group that is the owner's as a whole */
  async #authorize(GroupId: string, permissions: readonly Permission[], owner: LoadBalancerOwner, tags: Tags | undefined, signal: AbortSignal): Promise<void> {
    if (permissions.length === 0) return;
    try {
      await onceSeen(this.#context.clock, signal, () => this.#context.api.ec2(new AuthorizeSecurityGroupIngressCommand({
        GroupId, IpPermissions: sdkPermissions(permissions, `load balancer of ${owner.namespace}/${owner.name}`.slice(0, 255)),
        ...(tags === undefined ? {} : { TagSpecifications: [{ ResourceType: 'security-group-rule' as const, Tags: writeTags(tags) }] }),
      }), signal));
    } catch (error) {
      if (!ProviderError.is(error, 'AlreadyExists')) throw error;
      // All or nothing: one of them is there, by an earlier call or by somebody else's hand, and lets in as well as ours.
      if (permissions.length > 1) for (const permission of permissions) await this.#authorize(GroupId, [permission], owner, tags, signal);
    }
  }

  async #ifThere(act: () => Promise<unknown>, otherwise: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
      await otherwise();
    }
  }
}
