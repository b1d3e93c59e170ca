import type { Subnet } from '@aws-sdk/client-ec2';
import { Cidr, parseIp } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { clusterTag } from '#providers/aws/context.ts';
import { annotationPrefix } from './annotations.ts';
import type { Options, Scheme } from './options.ts';
import { readTags } from './ownership.ts';

/** Where a load balancer stands in one zone. */
export interface Place {
  readonly subnetId: string;
  readonly allocationId?: string;
  readonly privateAddress?: string;
  readonly ipv6Address?: string;
}

export interface SubnetChoice {
  readonly options: Options;
  /** By the operator; empty: by tags. */
  readonly configured: readonly string[];
  readonly clusterId: string;
  /** Of the load balancer as it is: where it can stay it stays. */
  readonly current: readonly string[];
}

/** Where there are fewer free addresses no load balancer gets in. */
const leastFree = 8;
const clusterTags = /^kubernetes\.io\/cluster\//;
const roles: Readonly<Record<Scheme, string>> = { 'internet-facing': 'kubernetes.io/role/elb', internal: 'kubernetes.io/role/internal-elb' };

const isId = (text: string): boolean => /^subnet-[0-9a-f]+$/.test(text);
const idOf = ({ SubnetId = '' }: Subnet): string => SubnetId;
const invalid = (annotation: string, values: readonly string[], problem: string): ProviderError =>
  new ProviderError('Invalid', `the annotation ${annotationPrefix}${annotation}: ${JSON.stringify(values.join(','))} ${problem}`);

/** One subnet for each zone, and the addresses there. @throws {ProviderError} Invalid for annotations that do not fit, Exhausted when no subnet is to be had */
export function placesOf(subnets: readonly Subnet[], choice: SubnetChoice): readonly Place[] {
  const chosen = chosenSubnets(subnets, choice);
  const { allocationIds, privateAddresses, ipv6Addresses } = choice.options;
  if (allocationIds.length > 0 && allocationIds.length !== chosen.length) {
    throw invalid('eip-allocations', allocationIds, `names ${allocationIds.length} addresses for ${chosen.length} subnets (${chosen.map(idOf).join(', ')})`);
  }
  const privates = addressesIn(chosen, 'private-ipv4-addresses', privateAddresses, ({ CidrBlock }) => [CidrBlock ?? '']);
  const sixes = addressesIn(chosen, 'ipv6-addresses', ipv6Addresses, ({ Ipv6CidrBlockAssociationSet = [] }) => Ipv6CidrBlockAssociationSet.map(({ Ipv6CidrBlock = '' }) => Ipv6CidrBlock));
  return chosen.map((subnet, index) => ({
    subnetId: idOf(subnet),
    ...(allocationIds[index] === undefined ? {} : { allocationId: allocationIds[index] }),
    ...(privates[index] === undefined ? {} : { privateAddress: privates[index] }),
    ...(sixes[index] === undefined ? {} : { ipv6Address: sixes[index] }),
  }));
}

function chosenSubnets(subnets: readonly Subnet[], choice: SubnetChoice): readonly Subnet[] {
  const { options: { subnets: named, scheme }, configured, clusterId, current } = choice;
  if (named.length > 0) return namedSubnets(subnets, named);
  if (configured.length > 0) {
    const missing = configured.find((id) => !subnets.some((subnet) => idOf(subnet) === id));
    if (missing !== undefined) throw new ProviderError('Exhausted', `the setting aws.subnetIds: ${missing} is no subnet of the VPC`);
    return onePerZone(configured.flatMap((id) => subnets.find((subnet) => idOf(subnet) === id) ?? []), current);
  }
  const found = onePerZone(discovered(subnets, scheme, clusterId, current), current);
  if (found.length > 0) return found;
  throw new ProviderError('Exhausted', `no subnet of the VPC has the tag ${roles[scheme]} or ${clusterTag(clusterId)} and ${leastFree} free addresses: tag some, or name them in the setting aws.subnetIds or by ${annotationPrefix}subnets`);
}

function namedSubnets(subnets: readonly Subnet[], names: readonly string[]): readonly Subnet[] {
  const chosen = names.map((name) => {
    const found = subnets.find((subnet) => (isId(name) ? idOf(subnet) === name : readTags(subnet.Tags).get('Name') === name));
    if (found === undefined) throw invalid('subnets', names, `has ${name}, which is no subnet of the VPC`);
    return found;
  });
  const zones = chosen.map(({ AvailabilityZone }) => AvailabilityZone);
  const double = zones.find((zone, index) => zones.indexOf(zone) < index);
  if (double !== undefined) throw invalid('subnets', names, `has several subnets of the zone ${double}`);
  return chosen;
}

/** By the tag of their role, else by that of the cluster, else those that the VPC came with. Those of other clusters alone are theirs. */
function discovered(subnets: readonly Subnet[], scheme: Scheme, clusterId: string, current: readonly string[]): readonly Subnet[] {
  const own = clusterTag(clusterId);
  const free = subnets.filter((subnet) => {
    const clusters = [...readTags(subnet.Tags).keys()].filter((key) => clusterTags.test(key));
    const hasRoom = current.includes(idOf(subnet)) || (subnet.AvailableIpAddressCount ?? 0) >= leastFree;
    return hasRoom && (clusters.length === 0 || clusters.includes(own));
  });
  const byRole = free.filter(({ Tags }) => ['1', ''].includes(readTags(Tags).get(roles[scheme]) ?? 'no'));
  const byCluster = free.filter(({ Tags }) => readTags(Tags).has(own));
  const candidates = byRole.length > 0 ? byRole : byCluster.length > 0 ? byCluster : free.filter(({ DefaultForAz }) => DefaultForAz === true);
  const rank = ({ Tags }: Subnet): number => (readTags(Tags).has(own) ? 0 : 1);
  return candidates.toSorted((a, b) => rank(a) - rank(b) || (idOf(a) < idOf(b) ? -1 : 1));
}

/** The first of each zone, but where the load balancer is already it stays. */
function onePerZone(subnets: readonly Subnet[], current: readonly string[]): readonly Subnet[] {
  return [...Map.groupBy(subnets, ({ AvailabilityZone }) => AvailabilityZone).values()].flatMap((there) => there.find((subnet) => current.includes(idOf(subnet))) ?? there[0] ?? []);
}

/** For each subnet the address that lies in it. */
function addressesIn(subnets: readonly Subnet[], annotation: string, addresses: readonly string[], rangesOf: (subnet: Subnet) => readonly string[]): readonly (string | undefined)[] {
  if (addresses.length === 0) return [];
  const found = subnets.map((subnet) => addresses.find((text) => {
    const ip = parseIp(text);
    return ip !== undefined && rangesOf(subnet).some((range) => Cidr.parse(range)?.contains(ip) === true);
  }));
  const without = subnets.find((_subnet, index) => found[index] === undefined);
  if (without !== undefined || addresses.length !== subnets.length) {
    throw invalid(annotation, addresses, `does not have one address in each of the subnets ${subnets.map(idOf).join(', ')}`);
  }
  return found;
}
