import type { Region } from '#test/emulators/aws/region.ts';
import type { Subnet, Vpc } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import { describe, type Filters } from './describe.ts';
import { subnetId, vpcId } from './ids.ts';
import { writeTags } from './tags.ts';

const vpcFilters = (region: Region): Filters<Vpc> => ({
  cidr: ({ cidr }) => cidr,
  'cidr-block-association.cidr-block': ({ cidr }) => cidr,
  'is-default': ({ isDefault }) => isDefault,
  'owner-id': () => region.world.accountId,
  state: () => 'available',
  'vpc-id': ({ id }) => id,
});

const describeVpcs: Action = (call) => {
  const { region } = call;
  const { rows, nextToken } = describe(call, { kind: vpcId, ids: 'VpcId', table: region.vpcs, filters: vpcFilters(region), pages: [5, 1000] });
  return {
    vpcSet: rows.map((vpc) => ({
      vpcId: vpc.id, ownerId: region.world.accountId, state: 'available', cidrBlock: vpc.cidr, instanceTenancy: 'default', isDefault: vpc.isDefault, tagSet: writeTags(vpc.tags),
      cidrBlockAssociationSet: [{ cidrBlock: vpc.cidr, associationId: vpc.id.replace('vpc', 'vpc-cidr-assoc'), cidrBlockState: { state: 'associated' } }],
    })),
    nextToken,
  };
};

/** The vendor keeps five addresses of each subnet to itself. */
const reserved = 5;

export function freeAddresses(region: Region, subnet: Subnet): number {
  const bits = Number(subnet.cidr.split('/')[1]);
  const instances = [...region.instances.rows()].filter((instance) => instance.subnetId === subnet.id && instance.state !== 'terminated').length;
  const balancers = [...region.balancers.rows()].filter(({ zones }) => zones.some((zone) => zone.subnetId === subnet.id)).length;
  return 2 ** (32 - bits) - reserved - instances - balancers;
}

/** The address at a place of a block, counted from 0. */
export function addressIn(cidr: string, place: number): string {
  const [a = 0, b = 0, c = 0, d = 0] = (cidr.split('/')[0] ?? '').split('.').map(Number);
  const number = ((a * 256 + b) * 256 + c) * 256 + d + place;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** The lowest address of the subnet that nothing uses. */
export function freeAddress(region: Region, subnet: Subnet): string {
  const used = new Set([...region.instances.rows()].filter((instance) => instance.subnetId === subnet.id && instance.state !== 'terminated').map(({ privateIp }) => privateIp));
  for (const { zones } of region.balancers.rows()) for (const { privateIp } of zones) if (privateIp !== undefined) used.add(privateIp);
  let place = reserved - 1;
  while (used.has(addressIn(subnet.cidr, place))) place++;
  return addressIn(subnet.cidr, place);
}

const subnetFilters = (region: Region): Filters<Subnet> => ({
  'availability-zone': ({ zone }) => zone,
  'availability-zone-id': ({ zoneId }) => zoneId,
  'available-ip-address-count': (subnet) => freeAddresses(region, subnet),
  'cidr-block': ({ cidr }) => cidr,
  'default-for-az': ({ defaultForZone }) => defaultForZone,
  'map-public-ip-on-launch': ({ publicByDefault }) => publicByDefault,
  'owner-id': () => region.world.accountId,
  state: () => 'available',
  'subnet-arn': ({ id }) => region.arn('ec2', `subnet/${id}`),
  'subnet-id': ({ id }) => id,
  'vpc-id': (subnet) => subnet.vpcId,
});

const describeSubnets: Action = (call) => {
  const { region } = call;
  const { rows, nextToken } = describe(call, { kind: subnetId, ids: 'SubnetId', table: region.subnets, filters: subnetFilters(region), pages: [5, 1000] });
  return {
    subnetSet: rows.map((subnet) => ({
      subnetId: subnet.id, subnetArn: region.arn('ec2', `subnet/${subnet.id}`), state: 'available', ownerId: region.world.accountId, vpcId: subnet.vpcId, cidrBlock: subnet.cidr,
      availableIpAddressCount: freeAddresses(region, subnet), availabilityZone: subnet.zone, availabilityZoneId: subnet.zoneId, defaultForAz: subnet.defaultForZone,
      mapPublicIpOnLaunch: subnet.publicByDefault, assignIpv6AddressOnCreation: false, ipv6CidrBlockAssociationSet: [], mapCustomerOwnedIpOnLaunch: false, ipv6Native: false,
      tagSet: writeTags(subnet.tags),
    })),
    nextToken,
  };
};

export const networkActions: Readonly<Record<string, Action>> = { DescribeVpcs: describeVpcs, DescribeSubnets: describeSubnets };
