import { invalid, notFound, required } from './api-error.ts';
import { deleteMethod, insertMethod, readMethods, type Creation, type Family } from './family.ts';
import { isBlock, parseIp } from './ip.ts';
import { type Json, textOf } from './json.ts';
import { linkOf, nameFormat, nameRegex, parseReference } from './links.ts';
import { isMutation, type Call, type Method } from './method.ts';
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
  if (cloud.resources.get(path) === undefined) throw notFound(path);
  return { [hop]: linkOf(path) };
}

/** What a reader is told of a next hop that drops packets now. */
function withWarnings(route: Json, { cloud, project }: Call): Json {
  const link = route['nextHopInstance'];
  if (link === undefined) return route;
  const path = parseReference(textOf(link), { field: 'nextHopInstance', project, collections: ['instances'] });
  const instance = cloud.resources.read(path, cloud.clock.now());
  const data = [{ key: 'instance', value: linkOf(path) }];
  const warnings = [
    ...(instance === undefined ? [{ code: 'NEXT_HOP_INSTANCE_NOT_FOUND', message: `Next hop instance '${path}' does not exist.`, data }] : []),
    ...(instance !== undefined && instance['status'] !== 'RUNNING' ? [{ code: 'NEXT_HOP_NOT_RUNNING', message: `Next hop instance '${path}' is not running.`, data }] : []),
    ...(instance !== undefined && instance['canIpForward'] !== true ? [{ code: 'NEXT_HOP_CANNOT_IP_FORWARD', message: `Next hop instance '${path}' does not forward packets.`, data }] : []),
  ];
  return warnings.length === 0 ? route : { ...route, warnings };
}

function warned(method: Method): Method {
  if (isMutation(method)) return method;
  const handle = async (call: Call): Promise<Json> => {
    const answer = await method.handle(call);
    const { items } = answer as { readonly items?: readonly Json[] };
    if (method.id.endsWith('.get')) return withWarnings(answer, call);
    return items === undefined ? answer : { ...answer, items: items.map((route) => withWarnings(route, call)) };
  };
  return { ...method, handle };
}

export const routeMethods: readonly Method[] = [...readMethods(routes).map(warned), insertMethod(routes, 'Route', createRoute), deleteMethod(routes)];
