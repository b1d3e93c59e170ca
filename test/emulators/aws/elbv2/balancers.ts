import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Balancer } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { usualBalancerAttributes } from './attribute-rules.ts';
import { balancerOf, checkArn, checkName, pageOf, validation } from './names.ts';
import { checkAddressType, checkGroups, holdAddresses, wantedZones } from './subnets.ts';
import { readTags } from './tags.ts';

export function writeZones(region: Region, { zones }: Pick<Balancer, 'zones'>): XmlObject[] {
  return zones.map(({ zone, subnetId, allocationId, privateIp }) => ({
    ZoneName: zone, SubnetId: subnetId,
    LoadBalancerAddresses: allocationId === undefined && privateIp === undefined ? [] : [{ AllocationId: allocationId, IpAddress: allocationId === undefined ? undefined : region.addresses.get(allocationId)?.publicIp, PrivateIPv4Address: privateIp }],
  }));
}

function writeBalancer(region: Region, balancer: Balancer): XmlObject {
  return {
    LoadBalancerArn: balancer.id, DNSName: balancer.dnsName, CanonicalHostedZoneId: `Z${region.name.replaceAll('-', '').toUpperCase()}`, CreatedTime: new Date(balancer.createdAt),
    LoadBalancerName: balancer.name, Scheme: balancer.scheme, VpcId: balancer.vpcId, State: { Code: balancer.state }, Type: balancer.type, AvailabilityZones: writeZones(region, balancer),
    SecurityGroups: balancer.groupIds.length === 0 ? undefined : balancer.groupIds, IpAddressType: balancer.ipAddressType,
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: balancer.privateLinkRules,
  };
}

const create: Action = ({ region, params }) => {
  const name = params.need('Name');
  checkName('load balancer', name);
  const type = params.text('Type') ?? 'application';
  if (type === 'gateway') throw validation('The emulator makes no load balancers of type gateway');
  const scheme = params.text('Scheme') ?? 'internet-facing';
  const tags = readTags(region, params);
  const same = region.balancers.find((balancer) => balancer.name === name);
  const groupIds = params.texts('SecurityGroups');
  if (same !== undefined) return { LoadBalancers: [writeBalancer(region, asBefore(same, { type, scheme, groupIds, tags, subnets: subnetsIn(params) }))] };
  const { zones, vpcId } = wantedZones(region, params, type, scheme);
  checkGroups(region, groupIds, vpcId);
  const ipAddressType = checkAddressType(params.text('IpAddressType') ?? 'ipv4');
  const most = region.world.quota('balancers');
  if ([...region.balancers.rows()].filter((balancer) => balancer.type === type).length >= most) throw new ApiError('TooManyLoadBalancers', `The maximum number of load balancers has been reached`);
  const unique = region.random.hex(16);
  const network = type === 'network';
  const id = region.arn('elasticloadbalancing', `loadbalancer/${network ? 'net' : 'app'}/${name}/${unique}`);
  const host = `${!network && scheme === 'internal' ? 'internal-' : ''}${name}-${network ? unique : Number.parseInt(unique.slice(0, 8), 16)}`;
  const balancer = region.balancers.insert({
    id, tags, sequence: region.nextSequence(), name, type, scheme, vpcId, zones, groupIds, ipAddressType, state: 'provisioning', createdAt: region.now,
    dnsName: network ? `${host}.elb.${region.name}.amazonaws.com` : `${host}.${region.name}.elb.amazonaws.com`, attributes: usualBalancerAttributes(type),
  });
  holdAddresses(region, id, zones);
  region.later('balancerProvision', () => {
    if (region.balancers.get(id)?.state === 'provisioning') region.balancers.update(id, { state: 'active' });
  });
  return { LoadBalancers: [writeBalancer(region, balancer)] };
};

const subnetsIn = (params: Parameters<Action>[0]['params']): string[] =>
  [...params.texts('Subnets'), ...params.structs('SubnetMappings').map((mapping) => mapping.text('SubnetId') ?? '')].sort();

interface Settings extends Pick<Balancer, 'type' | 'scheme' | 'groupIds' | 'tags'> {
  readonly subnets: readonly string[];
}

/** The one of that name, when it was asked for in the same words. */
function asBefore(balancer: Balancer, wanted: Settings): Balancer {
  const text = ({ type, scheme, groupIds, tags, subnets }: Settings): string => JSON.stringify([type, scheme, [...groupIds].sort(), [...tags].sort(), subnets]);
  if (text({ ...balancer, subnets: balancer.zones.map(({ subnetId }) => subnetId).sort() }) !== text(wanted)) throw new ApiError('DuplicateLoadBalancerName', `A load balancer with the same name '${balancer.name}' exists, but with different settings`);
  return balancer;
}

const describe: Action = ({ region, params }) => {
  const arns = params.texts('LoadBalancerArns');
  const names = params.texts('Names');
  if (arns.length > 0 && names.length > 0) throw validation('Load balancer names and load balancer ARNs cannot be specified at the same time');
  if (Math.max(arns.length, names.length) > 20) throw validation(`The maximum number of load balancers that can be named in one call is '20'`);
  for (const arn of arns) checkArn('load balancer', 'loadbalancer', arn);
  const all = region.balancers.seenRows();
  const absent = [...arns.filter((arn) => !all.some(({ id }) => id === arn)), ...names.filter((name) => !all.some((balancer) => balancer.name === name))];
  if (absent.length > 0) throw new ApiError('LoadBalancerNotFound', arns.length > 0 ? `One or more load balancers not found` : `Load balancers '[${absent.join(', ')}]' not found`);
  const rows = arns.length + names.length === 0 ? all : all.filter(({ id, name }) => arns.includes(id) || names.includes(name));
  const { rows: shown, nextMarker } = pageOf(params, rows);
  return { LoadBalancers: shown.map((balancer) => writeBalancer(region, balancer)), NextMarker: nextMarker };
};

const remove: Action = ({ region, params }) => {
  const arn = params.need('LoadBalancerArn');
  checkArn('load balancer', 'loadbalancer', arn);
  if (region.balancers.get(arn) === undefined) return {};
  const balancer = balancerOf(region, arn);
  if (balancer.attributes.get('deletion_protection.enabled') === 'true') throw new ApiError('OperationNotPermitted', `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`);
  for (const listener of [...region.listeners.rows()]) if (listener.balancerArn === arn) region.listeners.remove(listener.id);
  region.balancers.remove(arn);
  // Its interfaces stay a while, and with them the hold on its security groups and addresses.
  const remains = { balancerArn: arn, groupIds: balancer.groupIds };
  region.interfacesOfDeletedBalancers.add(remains);
  region.later('balancerDelete', () => {
    region.interfacesOfDeletedBalancers.delete(remains);
    holdAddresses(region, arn, []);
  });
  return {};
};

export const balancerActions: Readonly<Record<string, Action>> = { CreateLoadBalancer: create, DescribeLoadBalancers: describe, DeleteLoadBalancer: remove };
