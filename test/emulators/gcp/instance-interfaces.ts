import { invalid } from './api-error.ts';
import type { Cloud } from './cloud.ts';
import { isBlock, parseIp } from './ip.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { lastOf } from './links.ts';
import type { Call } from './method.ts';
import { externalAddress, internalAddress, networkOf, subnetworkOf } from './networks.ts';
import { fingerprintOf } from './seeded.ts';

/** An interface of an instance that is to be made; its addresses are given when it starts. */
export interface PlannedInterface {
  readonly network: string;
  readonly subnetwork: Resource;
  readonly asked: Json;
}

export function plannedInterfaces({ cloud, project, body }: Call, region: string): readonly PlannedInterface[] {
  const asked = (body['networkInterfaces'] as readonly Json[] | undefined) ?? [];
  if (asked.length === 0) throw invalid('resource.networkInterfaces', '', 'At least one network interface is required.');
  if (asked.length > 8) throw invalid('resource.networkInterfaces', '', 'An instance can have at most 8 network interfaces.');
  return asked.map((each, index) => {
    const field = `resource.networkInterfaces[${index}]`;
    const network = each['subnetwork'] === undefined || each['network'] !== undefined ? networkOf(cloud, project, `${field}.network`, each['network']) : undefined;
    const subnetwork = subnetworkOf(cloud, project, region, { field: `${field}.subnetwork`, value: each['subnetwork'], ...(network === undefined ? {} : { network }) });
    if (network !== undefined && subnetwork['network'] !== network.selfLink) throw invalid(`${field}.subnetwork`, each['subnetwork'], `The subnetwork is not of the network '${network.name}'.`);
    if (each['networkIP'] !== undefined && parseIp(textOf(each['networkIP'])) === undefined) throw invalid(`${field}.networkIP`, each['networkIP'], 'The address is not a valid IPv4 address.');
    checkAliases(field, (each['aliasIpRanges'] as readonly Json[] | undefined) ?? []);
    return { network: textOf(subnetwork['network']), subnetwork, asked: each };
  });
}

function checkAliases(field: string, ranges: readonly Json[]): void {
  for (const [index, { ipCidrRange }] of ranges.entries()) {
    const text = textOf(ipCidrRange);
    if (!isBlock(text) && !/^\/\d{1,2}$/.test(text)) throw invalid(`${field}.aliasIpRanges[${index}].ipCidrRange`, ipCidrRange, 'Must be a CIDR range, an address or a netmask.');
  }
}

/** @throws {OperationError} where a subnetwork has no address left */
export function instanceInterfaces(cloud: Cloud, planned: readonly PlannedInterface[]): readonly Json[] {
  return planned.map(({ network, subnetwork, asked }, index) => {
    const configs = (asked['accessConfigs'] as readonly Json[] | undefined) ?? [];
    const networkIP = internalAddress(cloud, subnetwork, asked['networkIP'] === undefined ? undefined : textOf(asked['networkIP']));
    return {
      kind: 'compute#networkInterface',
      name: `nic${index}`,
      network,
      subnetwork: subnetwork.selfLink,
      networkIP,
      stackType: 'IPV4_ONLY',
      fingerprint: fingerprintOf([network, networkIP]),
      ...(configs.length === 0 ? {} : { accessConfigs: configs.map((config) => accessConfig(cloud, config)) }),
      ...(asked['aliasIpRanges'] === undefined ? {} : { aliasIpRanges: asked['aliasIpRanges'] }),
    };
  });
}

function accessConfig(cloud: Cloud, config: Json): Json {
  return { kind: 'compute#accessConfig', type: 'ONE_TO_ONE_NAT', name: config['name'] ?? 'External NAT', natIP: config['natIP'] ?? externalAddress(cloud), networkTier: config['networkTier'] ?? 'PREMIUM' };
}

/** The internal address of an instance's first interface in a network. */
export function addressIn(instance: Resource | undefined, network?: string): string | undefined {
  const interfaces = (instance?.['networkInterfaces'] as readonly { readonly network: string; readonly networkIP: string }[] | undefined) ?? [];
  return (network === undefined ? interfaces[0] : interfaces.find((each) => lastOf(each.network) === lastOf(network)))?.networkIP;
}
