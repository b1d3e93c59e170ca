import { invalid, notFound, required } from './api-error.ts';
import { deleteMethod, insertMethod, readMethods, type Creation, type Family } from './family.ts';
import { isBlock, parseIp } from './ip.ts';
import { type Json, textOf } from './json.ts';
import { linkOf, nameFormat, nameRegex, parseReference } from './links.ts';
import type { Call, Method } from './method.ts';
import { networkOf } from './networks.ts';

export const routes: Family = { service: 'routes', collection: 'routes', parameter: 'route', scope: 'global', kind: 'compute#route', noun: 'route' };

const hops = ['nextHopGateway', 'nextHopIlb', 'nextHopInstance', 'nextHopIp', 'nextHopVpnTunnel'] as const;

function createRoute(call: Call): Creation {
  const { cloud, project, body } = call;
  if (body['network'] === undefined) throw required('resource.network');
  if (body['destRange'] === undefined) throw required('resource.destRange');
  const network = networkOf(cloud, project, 'resource.network', body['network']);
  if (!isBlock(textOf(body['destRange']))) throw invalid('resource.destRange', body['destRange'], 'Must be a CIDR address range whose address has no bits beyond its prefix.');
  const priority = body['priority'] ?? 1000;
  if (Number(priority) < 0 || Number(priority) > 65_535) throw invalid('resource.priority', textOf(priority), 'Must be between 0 and 65535.');
  for (const [index, tag] of ((body['tags'] as readonly string[] | undefined) ?? []).entries()) if (!nameRegex.test(tag)) throw invalid(`resource.tags[${index}]`, tag, `Must be a match of regex '${nameFormat}'`);
  const fields = { network: network.selfLink, destRange: body['destRange'], priority, ...(body['tags'] === undefined ? {} : { tags: body['tags'] }), ...nextHop(call) };
  return { fields };
}

function nextHop({ cloud, project, body }: Call): Json {
  const named = hops.filter((hop) => body[hop] !== undefined && body[hop] !== '');
  const [hop, second] = named;
  if (hop === undefined) throw invalid('resource', '', `Exactly one next hop must be specified: ${hops.join(', ')}.`);
  if (second !== undefined) throw invalid(`resource.${second}`, body[second], 'Exactly one next hop must be specified.');
  const value = textOf(body[hop]);
  const field = `resource.${hop}`;
  if (hop === 'nextHopIp' || (hop === 'nextHopIlb' && parseIp(value) !== undefined)) {
    if (parseIp(value) === undefined) throw invalid(field, value, 'The address is not a valid IPv4 address.');
    return { [hop]: value };
  }
  const collections = { nextHopGateway: ['gateways'], nextHopIlb: ['forwardingRules'], nextHopInstance: ['instances'], nextHopVpnTunnel: ['vpnTunnels'] }[hop];
  const path = parseReference(value, { field, project, collections });
  if (hop === 'nextHopGateway') {
    if (!path.endsWith('/default-internet-gateway')) throw invalid(field, value, 'The only gateway is default-internet-gateway.');
    return { [hop]: linkOf(path) };
  }
  const target = cloud.resources.get(path);
  if (target === undefined) throw notFound(path);
  const forwards = hop !== 'nextHopInstance' || target['canIpForward'] === true;
  const warning = { code: 'NEXT_HOP_CANNOT_IP_FORWARD', message: `Next hop instance '${path}' does not forward packets.`, data: [{ key: 'instance', value: linkOf(path) }] };
  return { [hop]: linkOf(path), ...(forwards ? {} : { warnings: [warning] }) };
}

export const routeMethods: readonly Method[] = [...readMethods(routes), insertMethod(routes, 'Route', createRoute), deleteMethod(routes)];
