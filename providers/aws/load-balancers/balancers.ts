import { DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import {
  AddTagsCommand, CreateLoadBalancerCommand, DeleteLoadBalancerCommand, DescribeLoadBalancerAttributesCommand, ModifyLoadBalancerAttributesCommand, RemoveTagsCommand,
  SetIpAddressTypeCommand, SetSecurityGroupsCommand, SetSubnetsCommand, type AvailabilityZone, type LoadBalancer as SdkBalancer, type SubnetMapping,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import { annotationPrefix } from './annotations.ts';
import { forgotten, usualOfBalancer, withMemory } from './attribute-memory.ts';
import type { FoundBalancer, Owned } from './inventory.ts';
import type { Scheme } from './options.ts';
import { writeTags, type Tags } from './ownership.ts';
import { difference, isSameSet, onceSeen } from './patience.ts';
import type { Place } from './subnets.ts';

export interface WantedBalancer {
  readonly name: string;
  readonly scheme: Scheme;
  readonly addressType: 'ipv4' | 'dualstack';
  readonly places: readonly Place[];
  readonly groupIds: readonly string[];
  readonly privateLinkRules: 'on' | 'off' | undefined;
  readonly attributes: ReadonlyMap<string, string>;
  readonly tags: Tags;
}

export interface StandingBalancer {
  readonly arn: string;
  readonly hostname: string;
  readonly isNew: boolean;
}

const protection = 'deletion_protection.enabled';
/** Of a new one, where they are what is wanted nearly always. */
const initially: ReadonlyMap<string, string> = new Map([['load_balancing.cross_zone.enabled', 'false']]);

/** Brings the load balancer itself to what is wanted. What cannot be changed of one makes another, after the former one is gone. */
export class Balancers {
  readonly #context: AwsContext;

  constructor(context: AwsContext) {
    this.#context = context;
  }

  async ensure(wanted: WantedBalancer, owned: Owned, signal: AbortSignal): Promise<StandingBalancer> {
    const kept = owned.balancers.find((found) => found.name === wanted.name && canBecome(found.balancer, wanted));
    for (const former of owned.balancers) if (former !== kept) await this.#removeFormer(former, wanted, signal);
    if (kept === undefined && owned.isTaken(wanted.name)) throw new ProviderError('AlreadyExists', `there is a load balancer ${wanted.name} already, which is not this service's`);
    return kept === undefined ? this.#make(wanted, signal) : this.#adjust(kept, wanted, signal);
  }

  /** @throws {ProviderError} Unavailable when it is protected */
  async remove(arn: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.api.elb(new DeleteLoadBalancerCommand({ LoadBalancerArn: arn }), signal);
    } catch (error) {
      if (ProviderError.is(error, 'NotFound')) return;
      if (awsCode(error) !== 'OperationNotPermitted') throw error;
      throw new ProviderError('Unavailable', `the load balancer ${arn} has deletion protection: switch off its attribute ${protection} to have it deleted`, { cause: error });
    }
  }

  async #removeFormer({ arn, name }: FoundBalancer, { attributes }: WantedBalancer, signal: AbortSignal): Promise<void> {
    this.#context.log.info('a load balancer makes way for another, since it cannot be changed so far', { arn, name });
    try {
      await this.remove(arn, signal);
    } catch (error) {
      // Its author just took the protection off.
      if (!ProviderError.is(error, 'Unavailable') || attributes.get(protection) !== 'false') throw error;
      await this.#setAttributes(arn, new Map([[protection, 'false']]), signal);
      await this.remove(arn, signal);
    }
  }

  async #make(wanted: WantedBalancer, signal: AbortSignal): Promise<StandingBalancer> {
    const { name, scheme, addressType, places, groupIds, attributes } = wanted;
    const tags = withMemory(wanted.tags, attributes, initially);
    const { api, clock } = this.#context;
    const { LoadBalancers: [made] = [] } = await this.#explaining(wanted, signal, () => onceSeen(clock, signal, () => api.elb(new CreateLoadBalancerCommand({
      Name: name, Type: 'network', Scheme: scheme, IpAddressType: addressType, SubnetMappings: places.map(mapping), Tags: writeTags(tags),
      ...(groupIds.length === 0 ? {} : { SecurityGroups: [...groupIds] }),
    }), signal)));
    const arn = made?.LoadBalancerArn ?? '';
    await this.#setAttributes(arn, difference(attributes, initially), signal);
    if (wanted.privateLinkRules === 'off') await this.#setGroups(arn, wanted, signal);
    return { arn, hostname: made?.DNSName ?? '', isNew: true };
  }

  async #adjust({ arn, balancer, tags }: FoundBalancer, wanted: WantedBalancer, signal: AbortSignal): Promise<StandingBalancer> {
    const { api } = this.#context;
    const missingTags = difference(withMemory(wanted.tags, wanted.attributes, initially), tags);
    if (missingTags.size > 0) await api.elb(new AddTagsCommand({ ResourceArns: [arn], Tags: writeTags(missingTags) }), signal);
    const subnets = (balancer.AvailabilityZones ?? []).map(({ SubnetId = '' }) => SubnetId);
    if (!isSameSet(subnets, wanted.places.map(({ subnetId }) => subnetId))) {
      await this.#explaining(wanted, signal, () => api.elb(new SetSubnetsCommand({ LoadBalancerArn: arn, SubnetMappings: wanted.places.map(mapping) }), signal));
    }
    if (balancer.IpAddressType !== wanted.addressType) {
      await this.#explaining(wanted, signal, () => api.elb(new SetIpAddressTypeCommand({ LoadBalancerArn: arn, IpAddressType: wanted.addressType }), signal));
    }
    if (!hasDoors(balancer, wanted)) await this.#setGroups(arn, wanted, signal);
    const { Attributes = [] } = await api.elb(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn }), signal);
    const { back, tagKeys } = forgotten(tags, wanted.attributes, usualOfBalancer);
    await this.#setAttributes(arn, difference(new Map([...back, ...wanted.attributes]), new Map(Attributes.map(({ Key = '', Value = '' }) => [Key, Value]))), signal);
    if (tagKeys.length > 0) await api.elb(new RemoveTagsCommand({ ResourceArns: [arn], TagKeys: [...tagKeys] }), signal);
    return { arn, hostname: balancer.DNSName ?? '', isNew: false };
  }

  async #setGroups(arn: string, wanted: WantedBalancer, signal: AbortSignal): Promise<void> {
    const rules = wanted.privateLinkRules === undefined ? {} : { EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: wanted.privateLinkRules };
    const { api, clock } = this.#context;
    await this.#explaining(wanted, signal, () => onceSeen(clock, signal, () => api.elb(new SetSecurityGroupsCommand({ LoadBalancerArn: arn, SecurityGroups: [...wanted.groupIds], ...rules }), signal)));
  }

  async #setAttributes(arn: string, attributes: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
    if (attributes.size === 0) return;
    const { api, clock } = this.#context;
    try {
      await onceSeen(clock, signal, () => api.elb(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn: arn, Attributes: writeTags(attributes) }), signal));
    } catch (error) {
      if (!ProviderError.is(error, 'Invalid')) throw error;
      throw new ProviderError('Invalid', `the annotation ${annotationPrefix}attributes or its kin: ${JSON.stringify(written(attributes))} is not accepted: ${error.message}`, { cause: error });
    }
  }

  /** What annotations name is the author's to put right. */
  async #explaining<T>(wanted: WantedBalancer, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      switch (awsCode(error)) {
        case 'DuplicateLoadBalancerName': throw new ProviderError('Unavailable', `there is a load balancer ${wanted.name} already, which is not yet, or no more, what this service wants`, { cause: error });
        case 'AllocationIdNotFound': throw await this.#badAddress(wanted, error, signal);
        // EC2 knew them a moment ago.
        case 'InvalidSecurityGroup': throw new ProviderError('Unavailable', `one of the security groups ${wanted.groupIds.join(', ')} is not known to the load balancer's service yet, or not any more`, { cause: error });
        default: throw error;
      }
    }
  }

  /** The same code tells of addresses that do not exist, and of those that somebody has, such as the load balancer that just made way. */
  async #badAddress({ places }: WantedBalancer, error: unknown, signal: AbortSignal): Promise<ProviderError> {
    const ids = places.flatMap(({ allocationId }) => allocationId ?? []);
    const { Addresses = [] } = await this.#context.api.ec2(new DescribeAddressesCommand({ Filters: [{ Name: 'allocation-id', Values: ids }] }), signal);
    const missing = ids.find((id) => !Addresses.some(({ AllocationId }) => AllocationId === id));
    if (missing !== undefined) return new ProviderError('Invalid', `the annotation ${annotationPrefix}eip-allocations: ${JSON.stringify(ids.join(','))} has ${missing}, which is no allocation of this account and region`, { cause: error });
    return new ProviderError('Unavailable', `one of the addresses ${ids.join(', ')} is in use`, { cause: error });
  }
}

const written = (map: ReadonlyMap<string, string>): string => [...map].map(([key, value]) => `${key}=${value}`).join(',');

const mapping = ({ subnetId, allocationId, privateAddress, ipv6Address }: Place): SubnetMapping => ({
  SubnetId: subnetId,
  ...(allocationId === undefined ? {} : { AllocationId: allocationId }),
  ...(privateAddress === undefined ? {} : { PrivateIPv4Address: privateAddress }),
  ...(ipv6Address === undefined ? {} : { IPv6Address: ipv6Address }),
});

/** Whether changes lead from one to the other. Without security groups it stays what it was made, and its addresses stay as long as it does. */
function canBecome({ Scheme, State, SecurityGroups = [], AvailabilityZones = [] }: SdkBalancer, wanted: WantedBalancer): boolean {
  if (State?.Code === 'failed' || Scheme !== wanted.scheme || (SecurityGroups.length === 0) !== (wanted.groupIds.length === 0)) return false;
  return AvailabilityZones.every((zone) => {
    const place = wanted.places.find(({ subnetId }) => subnetId === zone.SubnetId);
    return place === undefined || hasAddresses(zone, place);
  });
}

function hasAddresses({ LoadBalancerAddresses = [] }: AvailabilityZone, { allocationId, privateAddress, ipv6Address }: Place): boolean {
  return LoadBalancerAddresses.find(({ AllocationId }) => AllocationId !== undefined)?.AllocationId === allocationId &&
    (privateAddress === undefined || LoadBalancerAddresses.some(({ PrivateIPv4Address }) => PrivateIPv4Address === privateAddress)) &&
    (ipv6Address === undefined || LoadBalancerAddresses.some(({ IPv6Address }) => IPv6Address === ipv6Address));
}

function hasDoors({ SecurityGroups = [], EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: rules = 'on' }: SdkBalancer, { groupIds, privateLinkRules }: WantedBalancer): boolean {
  return isSameSet(SecurityGroups, groupIds) && (groupIds.length === 0 || privateLinkRules === undefined || rules === privateLinkRules);
}
