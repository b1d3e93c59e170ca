import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { BalancerZone, Subnet } from '#test/emulators/aws/rows.ts';
import { validation } from './names.ts';

export interface WantedZones {
  readonly vpcId: string;
  readonly zones: readonly BalancerZone[];
}

/** Where a balancer is to be. @throws {ApiError} for subnets and addresses that cannot be */
export function wantedZones(region: Region, params: Params, type: string, scheme: string): WantedZones {
  const mappings = params.structs('SubnetMappings').map((mapping) => ({ subnetId: mapping.text('SubnetId') ?? '', allocationId: mapping.text('AllocationId'), privateIp: mapping.text('PrivateIPv4Address') }));
  const plain = params.texts('Subnets').map((subnetId) => ({ subnetId, allocationId: undefined, privateIp: undefined }));
  if (mappings.length > 0 && plain.length > 0) throw validation('Exactly one of the following must be specified: Subnets, SubnetMappings');
  const wanted = mappings.length > 0 ? mappings : plain;
  if (wanted.length === 0) throw validation('At least one subnet must be specified');
  const subnets = wanted.map(({ subnetId }) => subnetOf(region, subnetId));
  checkSubnets(subnets, type);
  const zones = wanted.map(({ allocationId, privateIp }, index): BalancerZone => {
    if (allocationId !== undefined) checkAllocation(region, allocationId, scheme);
    if (privateIp !== undefined && scheme !== 'internal') throw new ApiError('InvalidConfigurationRequest', 'Private IPv4 addresses can be specified for internal load balancers only');
    return { zone: subnets[index]?.zone ?? '', subnetId: subnets[index]?.id ?? '', allocationId, privateIp };
  });
  return { zones, vpcId: subnets[0]?.vpcId ?? '' };
}

function subnetOf(region: Region, id: string): Subnet {
  const subnet = region.subnets.known(id);
  if (subnet === undefined) throw new ApiError('SubnetNotFound', `The subnet ID '${id}' does not exist`);
  return subnet;
}

function checkSubnets(subnets: readonly Subnet[], type: string): void {
  if (new Set(subnets.map(({ zone }) => zone)).size < subnets.length) throw new ApiError('InvalidConfigurationRequest', 'A load balancer cannot be attached to multiple subnets in the same Availability Zone');
  if (new Set(subnets.map(({ vpcId }) => vpcId)).size > 1) throw new ApiError('InvalidConfigurationRequest', 'All subnets must belong to the same VPC');
  if (type === 'application' && subnets.length < 2) throw validation('At least two subnets in two different Availability Zones must be specified');
}

function checkAllocation(region: Region, id: string, scheme: string): void {
  if (scheme === 'internal') throw new ApiError('InvalidConfigurationRequest', 'Elastic IP addresses can be specified for internet-facing load balancers only');
  const address = region.addresses.known(id);
  if (address === undefined || address.usedBy !== undefined) throw new ApiError('AllocationIdNotFound', `The allocation IDs '${id}' are not available for use`);
}

/** Subnets have no IPv6 blocks here. @throws {ApiError} InvalidSubnet for anything that needs them */
export function checkAddressType(type: string): string {
  if (type !== 'ipv4') throw new ApiError('InvalidSubnet', 'The subnets of a dual-stack load balancer must have associated IPv6 CIDR blocks');
  return type;
}

/** @throws {ApiError} InvalidSecurityGroup */
export function checkGroups(region: Region, ids: readonly string[], vpcId: string): void {
  for (const id of ids) {
    if (region.securityGroups.known(id)?.vpcId !== vpcId) throw new ApiError('InvalidSecurityGroup', `The security group '${id}' does not exist`);
  }
  if (ids.length > region.world.quota('securityGroupsPerInterface')) throw new ApiError('InvalidConfigurationRequest', `The maximum number of security groups is ${region.world.quota('securityGroupsPerInterface')}`);
}

/** Which Elastic IP addresses a balancer holds from now on. */
export function holdAddresses(region: Region, arn: string, zones: readonly BalancerZone[]): void {
  const held = zones.flatMap(({ allocationId }) => allocationId ?? []);
  for (const address of [...region.addresses.rows()]) {
    if (address.usedBy === arn && !held.includes(address.id)) region.addresses.update(address.id, { usedBy: undefined });
    else if (address.usedBy === undefined && held.includes(address.id)) region.addresses.update(address.id, { usedBy: arn });
  }
}
