import { invalid, notFound, OperationError } from './api-error.ts';
import { regionNames } from './catalog.ts';
import type { Cloud } from './cloud.ts';
import { readMethods, type Family } from './family.ts';
import { contains, formatIp, parseBlock, parseIp } from './ip.ts';
import { type Resource, textOf } from './json.ts';
import { linkOf, parseReference, regionOf, type Path } from './links.ts';
import type { Method } from './method.ts';
import { placeOf, timestamp } from './operations.ts';
import { fingerprintOf } from './seeded.ts';

export const networks: Family = { service: 'networks', collection: 'networks', parameter: 'network', scope: 'global', kind: 'compute#network', noun: 'network' };
export const subnetworks: Family = { service: 'subnetworks', collection: 'subnetworks', parameter: 'subnetwork', scope: 'regions', kind: 'compute#subnetwork', noun: 'subnetwork', aggregated: ['regions'] };

/** A project has a network `default` with a subnetwork in each region, and the routes that come with them. */
export function makeDefaultNetwork(cloud: Cloud, project: string): void {
  makeNetwork(cloud, project, 'default', Object.fromEntries(regionNames.map((region, index) => [region, `10.${128 + Math.floor((index * 20) / 256)}.${(index * 20) % 256 & 0xf0}.0/20`])));
}

/** Makes a network with a subnetwork of the same name in each region that is given a range. */
export function makeNetwork(cloud: Cloud, project: string, name: string, ranges: Readonly<Record<string, string>>): void {
  const { resources, random, clock } = cloud;
  const creationTimestamp = timestamp(clock.now());
  const path = `projects/${project}/global/networks/${name}`;
  const subnets = Object.entries(ranges).map(([region, range]) => makeSubnetwork(cloud, path, region, name, range));
  resources.put(path, {
    kind: 'compute#network',
    id: random.id(),
    creationTimestamp,
    name,
    selfLink: linkOf(path),
    autoCreateSubnetworks: name === 'default',
    subnetworks: subnets.map(linkOf),
    routingConfig: { routingMode: 'REGIONAL' },
    networkFirewallPolicyEnforcementOrder: 'AFTER_CLASSIC_FIREWALL',
  });
  const route = `projects/${project}/global/routes/default-route-${random.id().slice(0, 12)}`;
  resources.put(route, {
    kind: 'compute#route',
    id: random.id(),
    creationTimestamp,
    name: route.slice(route.lastIndexOf('/') + 1),
    description: 'Default route to the Internet.',
    network: linkOf(path),
    destRange: '0.0.0.0/0',
    priority: 1000,
    nextHopGateway: linkOf(`projects/${project}/global/gateways/default-internet-gateway`),
    selfLink: linkOf(route),
  });
}

function makeSubnetwork({ resources, random, clock }: Cloud, network: Path, region: string, name: string, range: string): Path {
  const [, project = ''] = network.split('/');
  const path = `projects/${project}/regions/${region}/subnetworks/${name}`;
  const first = parseBlock(range)?.first;
  if (first === undefined) throw new Error(`${range} is no block of addresses`);
  resources.put(path, {
    kind: 'compute#subnetwork',
    id: random.id(),
    creationTimestamp: timestamp(clock.now()),
    name,
    network: linkOf(network),
    ipCidrRange: range,
    gatewayAddress: formatIp(first + 1),
    ...placeOf(project, `regions/${region}`),
    privateIpGoogleAccess: false,
    purpose: 'PRIVATE',
    stackType: 'IPV4_ONLY',
    fingerprint: fingerprintOf(range),
    selfLink: linkOf(path),
  });
  return path;
}

/** The network that a body names; `default` where it names none. */
export function networkOf(cloud: Cloud, project: string, field: string, value: unknown): Resource {
  const path = parseReference(value === undefined || value === '' ? 'global/networks/default' : textOf(value), { field, project, collections: ['networks'] });
  return existing(cloud, path);
}

/** The subnetwork that a body names, or the one that a network has in a region. */
export function subnetworkOf(cloud: Cloud, project: string, region: string, { field, value, network }: { readonly field: string; readonly value: unknown; readonly network?: Resource }): Resource {
  if (value !== undefined && value !== '') {
    const path = parseReference(textOf(value), { field, project, collections: ['subnetworks'] });
    if (regionOf(path) !== region) throw invalid(field, value, `The subnetwork must be in region '${region}'.`);
    return existing(cloud, path);
  }
  const of = network ?? networkOf(cloud, project, field, undefined);
  const found = cloud.resources.in(`projects/${project}/regions/${region}/subnetworks`).find((subnetwork) => subnetwork['network'] === of.selfLink);
  if (found === undefined) throw invalid(field, '', `Network interface must specify a subnet if the network resource '${of.name}' has none in region '${region}'.`);
  return found;
}

function existing(cloud: Cloud, path: Path): Resource {
  const found = cloud.resources.get(path);
  if (found === undefined) throw notFound(path);
  return found;
}

/**
 * A free address of a subnetwork, or the asked one.
 * @throws {OperationError} when there is none, or the asked one is in use
 */
export function internalAddress(cloud: Cloud, subnetwork: Resource, asked?: string): string {
  const block = parseBlock(textOf(subnetwork['ipCidrRange']));
  if (block === undefined) throw new Error(`${subnetwork.selfLink} has no range`);
  const used = usedAddresses(cloud);
  if (asked !== undefined) {
    if (!contains(block, parseIp(asked) ?? -1)) throw new OperationError('IP_ADDRESS_OUT_OF_RANGE', `Requested internal IP address ${asked} is outside the range of the subnetwork.`, [400, 'BAD REQUEST']);
    if (used.has(asked)) throw new OperationError('IP_IN_USE_BY_ANOTHER_RESOURCE', `IP '${asked}' is already being used by another resource.`, [400, 'BAD REQUEST']);
    return asked;
  }
  for (let address = block.first + 2; address < block.first + 2 ** (32 - block.bits) - 2; address++) if (!used.has(formatIp(address))) return formatIp(address);
  throw new OperationError('IP_SPACE_EXHAUSTED', `IP space of '${subnetwork.selfLink}' is exhausted.`, [400, 'BAD REQUEST']);
}

/** An external address that nothing has. */
export function externalAddress(cloud: Cloud): string {
  const used = usedAddresses(cloud);
  for (;;) {
    const address = formatIp(0x22_40_00_00 + Math.floor(cloud.random.next() * 2 ** 21));
    if (!used.has(address)) return address;
  }
}

interface Addressed extends Resource {
  readonly networkInterfaces?: readonly { readonly networkIP?: string; readonly accessConfigs?: readonly { readonly natIP?: string }[] }[];
  readonly address?: string;
  readonly IPAddress?: string;
}

function usedAddresses({ resources }: Cloud): ReadonlySet<string> {
  const used = new Set<string>();
  for (const each of ['instances', 'addresses', 'forwardingRules'].flatMap((collection) => resources.everywhere(collection) as readonly Addressed[])) {
    if (each.address !== undefined) used.add(each.address);
    if (each.IPAddress !== undefined) used.add(each.IPAddress);
    for (const { networkIP, accessConfigs } of each.networkInterfaces ?? []) {
      if (networkIP !== undefined) used.add(networkIP);
      for (const { natIP } of accessConfigs ?? []) if (natIP !== undefined) used.add(natIP);
    }
  }
  return used;
}

export const networkMethods: readonly Method[] = [...readMethods(networks), ...readMethods(subnetworks)];
