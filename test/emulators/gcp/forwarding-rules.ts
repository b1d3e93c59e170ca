import { conditionNotMet, invalid, notFound, OperationError, required } from './api-error.ts';
import type { Cloud } from './cloud.ts';
import type { Effect } from './effect.ts';
import { collectionTemplate, deleteMethod, insertMethod, labelFields, memberPath, memberTemplate, readMethods, setLabelsMethod, type Creation, type Family } from './family.ts';
import { contains, parseBlock, parseIp } from './ip.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { checkLabels } from './labels.ts';
import { linkOf, parseReference, pathOfLink, regionOf, type Path } from './links.ts';
import type { Call, Method } from './method.ts';
import { externalAddress, internalAddress, networkOf, subnetworkOf } from './networks.ts';
import { targetOf } from './operations.ts';
import { checkPorts, overlap } from './rule-ports.ts';
import { fingerprintOf } from './seeded.ts';

export const forwardingRules: Family = { service: 'forwardingRules', collection: 'forwardingRules', parameter: 'forwardingRule', scope: 'regions', kind: 'compute#forwardingRule', noun: 'forwarding_rule', aggregated: ['global', 'regions'] };

function createRule(call: Call): Creation {
  const { cloud, body, parameters } = call;
  const region = parameters['region'] ?? '';
  const scheme = textOf(body['loadBalancingScheme'] ?? 'EXTERNAL');
  const protocol = textOf(body['IPProtocol'] ?? 'TCP');
  const service = backendOf(call, scheme, region);
  checkProtocol(protocol, service);
  const ports = checkPorts(body, scheme, protocol, service !== undefined);
  const place = scheme.startsWith('INTERNAL') ? internalPlace(call, region, service) : externalPlace(body);
  const asked = askedAddress(call, region, scheme);
  if (asked !== undefined && asked.path === undefined && scheme === 'INTERNAL') checkInside(cloud, asked.ip, textOf(place['subnetwork']));
  const fields = {
    loadBalancingScheme: scheme,
    IPProtocol: protocol,
    ...ports,
    ...place,
    ...(service === undefined ? { target: targetLink(call) } : { backendService: service.selfLink }),
    ...(body['allowGlobalAccess'] === undefined ? {} : { allowGlobalAccess: body['allowGlobalAccess'] }),
    ...(body['sourceIpRanges'] === undefined ? {} : { sourceIpRanges: body['sourceIpRanges'] }),
    ipVersion: body['ipVersion'],
    ...labelFields(checkLabels(body['labels'] ?? {}, 'resource.labels')),
    fingerprint: fingerprintOf([body['name'], scheme]),
  };
  return {
    fields,
    begin: (path, visible) => {
      const resource = cloud.resources.get(path);
      if (resource !== undefined && asked !== undefined) cloud.resources.put(path, { ...resource, IPAddress: asked.ip }, visible);
    },
    finish: (path) => giveAddress(cloud, path, asked, fields),
  };
}

interface AskedAddress {
  readonly ip: string;
  /** The reserved address that it is. */
  readonly path: Path | undefined;
}

function askedAddress({ cloud, project, body }: Call, region: string, scheme: string): AskedAddress | undefined {
  const value = body['IPAddress'];
  if (value === undefined || value === '') return undefined;
  const text = textOf(value);
  if (parseIp(text) === undefined) {
    const path = parseReference(text, { field: 'resource.IPAddress', project, collections: ['addresses'], bareIn: `regions/${region}` });
    const address = cloud.resources.get(path);
    if (address === undefined) throw notFound(path);
    return checkReserved({ ip: textOf(address['address']), path }, address, body, scheme);
  }
  const reserved = cloud.resources.in(`projects/${project}/regions/${region}/addresses`).find(({ address }) => address === text);
  if (reserved === undefined && scheme.startsWith('EXTERNAL')) throw invalid('resource.IPAddress', text, 'Specified IP address is not allocated to the project.');
  if (reserved === undefined) return { ip: text, path: undefined };
  return checkReserved({ ip: text, path: pathOfLink(reserved.selfLink) }, reserved, body, scheme);
}

/** An address that nobody reserved has to be the subnetwork's, and no instance's. */
function checkInside(cloud: Cloud, ip: string, subnetwork: string): void {
  const block = parseBlock(textOf(cloud.resources.get(pathOfLink(subnetwork))?.['ipCidrRange'] ?? ''));
  if (block === undefined || !contains(block, parseIp(ip) ?? -1)) throw invalid('resource.IPAddress', ip, 'The IP address is not in the range of the subnetwork.');
  const isTaken = cloud.resources.everywhere('instances').some((instance) => (instance['networkInterfaces'] as readonly Json[] | undefined)?.some(({ networkIP }) => networkIP === ip));
  if (isTaken) throw invalid('resource.IPAddress', ip, 'The IP address is in use by an instance.');
}

function checkReserved(asked: AskedAddress, address: Resource, body: Json, scheme: string): AskedAddress {
  const type = scheme.startsWith('INTERNAL') ? 'INTERNAL' : 'EXTERNAL';
  if (address['addressType'] !== type) throw invalid('resource.IPAddress', body['IPAddress'], `The address must be ${type}.`);
  if (type === 'EXTERNAL' && (body['networkTier'] ?? 'PREMIUM') !== address['networkTier']) throw invalid('resource.networkTier', body['networkTier'], `An address of network tier ${textOf(address['networkTier'])} was specified.`);
  return asked;
}

/** @throws {OperationError} where the address is another rule's */
function giveAddress(cloud: Cloud, path: Path, asked: AskedAddress | undefined, fields: Json): void {
  const external = textOf(fields['loadBalancingScheme']).startsWith('EXTERNAL');
  const ip = asked?.ip ?? (external ? externalAddress(cloud) : internalAddress(cloud, cloud.resources.get(pathOfLink(textOf(fields['subnetwork']))) ?? missingSubnetwork(fields)));
  const rule = { ...fields, IPAddress: ip };
  for (const other of cloud.resources.everywhere('forwardingRules', path.split('/')[1])) {
    if (other.selfLink !== linkOf(path) && other['IPAddress'] === ip && overlap(other, rule)) throw new OperationError('IP_IN_USE_BY_ANOTHER_RESOURCE', `IP '${ip}' is already being used by another resource.`, [400, 'BAD REQUEST']);
  }
  cloud.change(path, (current) => ({ ...current, IPAddress: ip }));
  if (asked?.path !== undefined) setUsers(cloud, asked.path, (users) => [...users, linkOf(path)]);
}

function missingSubnetwork(fields: Json): never {
  throw new OperationError('RESOURCE_NOT_FOUND', `The resource '${pathOfLink(textOf(fields['subnetwork']))}' was not found`, [404, 'NOT FOUND']);
}

function setUsers(cloud: Cloud, path: Path, change: (users: readonly string[]) => readonly string[]): void {
  cloud.change(path, (address) => {
    const users = change((address['users'] as readonly string[] | undefined) ?? []);
    return { ...address, users: users.length === 0 ? undefined : users, status: users.length === 0 ? 'RESERVED' : 'IN_USE' };
  });
}

function backendOf({ cloud, project, body }: Call, scheme: string, region: string): Resource | undefined {
  const value = body['backendService'];
  if (value === undefined || value === '') {
    if (body['target'] === undefined || scheme === 'INTERNAL') throw required('resource.backendService');
    return undefined;
  }
  if (body['target'] !== undefined) throw invalid('resource.target', body['target'], 'Only one of target and backendService can be specified.');
  const path = parseReference(textOf(value), { field: 'resource.backendService', project, collections: ['backendServices'] });
  const service = cloud.resources.get(path);
  if (service === undefined) throw notFound(path);
  if (regionOf(path) !== region) throw invalid('resource.backendService', value, `The backend service must be in region '${region}'.`);
  if (service['loadBalancingScheme'] !== scheme) throw invalid('resource.loadBalancingScheme', scheme, `The load balancing scheme of the backend service is ${textOf(service['loadBalancingScheme'])}.`);
  return service;
}

function checkProtocol(protocol: string, service: Resource | undefined): void {
  const of = service?.['protocol'];
  if (of === undefined || of === protocol || (of === 'UNSPECIFIED' && ['TCP', 'UDP', 'L3_DEFAULT'].includes(protocol))) return;
  throw invalid('resource.IPProtocol', protocol, `The protocol of the backend service is ${textOf(of)}.`);
}

function externalPlace(body: Json): Json {
  if (body['network'] !== undefined || body['subnetwork'] !== undefined) throw invalid('resource.network', body['network'], 'A network can be specified for internal load balancing only.');
  return { networkTier: body['networkTier'] ?? 'PREMIUM' };
}

function internalPlace({ cloud, project, body }: Call, region: string, service: Resource | undefined): Json {
  const network = body['network'] === undefined && body['subnetwork'] !== undefined ? undefined : networkOf(cloud, project, 'resource.network', body['network'] ?? service?.['network']);
  const subnetwork = subnetworkOf(cloud, project, region, { field: 'resource.subnetwork', value: body['subnetwork'], ...(network === undefined ? {} : { network }) });
  if (network !== undefined && subnetwork['network'] !== network.selfLink) throw invalid('resource.subnetwork', body['subnetwork'], `The subnetwork is not of the network '${network.name}'.`);
  return { network: subnetwork['network'], subnetwork: subnetwork.selfLink, networkTier: 'PREMIUM' };
}

function targetLink({ cloud, project, body }: Call): string {
  const path = parseReference(textOf(body['target']), { field: 'resource.target', project, collections: ['targetPools', 'targetInstances', 'targetHttpProxies', 'targetTcpProxies', 'backendServices'] });
  if (cloud.resources.get(path) === undefined) throw notFound(path);
  return linkOf(path);
}

const patchable = new Set(['allowGlobalAccess', 'allowPscGlobalAccess', 'fingerprint', 'name', 'networkTier', 'sourceIpRanges']);

function patchEffect(call: Call): Effect {
  const { cloud, body } = call;
  const path = memberPath(call, forwardingRules);
  const rule = cloud.ready(path);
  // The vendor's own clients send an empty map with every patch.
  const asked = Object.keys(body).filter((name) => !(name === 'labels' && Object.keys(body[name] as Json).length === 0));
  const fixed = asked.find((name) => !patchable.has(name) || (name === 'name' && body[name] !== rule.name));
  if (fixed !== undefined) throw invalid(`resource.${fixed}`, body[fixed], 'The field cannot be changed by a patch.');
  if (body['fingerprint'] !== undefined && body['fingerprint'] !== rule['fingerprint']) throw conditionNotMet('Invalid fingerprint.');
  if (body['allowGlobalAccess'] !== undefined && rule['loadBalancingScheme'] !== 'INTERNAL') throw invalid('resource.allowGlobalAccess', textOf(body['allowGlobalAccess']), 'Global access is for internal load balancing only.');
  const changed = Object.fromEntries(asked.map((name) => [name, body[name]]));
  const change = { ...changed, fingerprint: fingerprintOf({ ...rule, ...changed }) };
  return { ...targetOf(path, rule), operationType: 'patch', begin: () => cloud.change(path, (current) => ({ ...current, ...change })) };
}

function setTargetEffect(call: Call): Effect {
  const { cloud, project, body } = call;
  const path = memberPath(call, forwardingRules);
  const rule = cloud.ready(path);
  const target = parseReference(textOf(body['target'] ?? ''), { field: 'target', project, collections: ['backendServices', 'targetPools', 'targetInstances'] });
  const service = cloud.resources.get(target);
  if (service === undefined) throw notFound(target);
  if (regionOf(target) !== regionOf(path)) throw invalid('target', body['target'], 'The target must be in the region of the forwarding rule.');
  if (service['loadBalancingScheme'] !== rule['loadBalancingScheme']) throw invalid('target', body['target'], `The load balancing scheme of the forwarding rule is ${textOf(rule['loadBalancingScheme'])}.`);
  return { ...targetOf(path, rule), operationType: 'SetTarget', finish: () => cloud.change(path, (current) => ({ ...current, backendService: linkOf(target), target: undefined })) };
}

function releaseAddress(cloud: Cloud, path: Path): void {
  for (const address of cloud.resources.everywhere('addresses', path.split('/')[1])) {
    if ((address['users'] as readonly string[] | undefined)?.includes(linkOf(path)) === true) setUsers(cloud, pathOfLink(address.selfLink), (users) => users.filter((user) => user !== linkOf(path)));
  }
}

export const forwardingRuleMethods: readonly Method[] = [
  ...readMethods(forwardingRules),
  insertMethod(forwardingRules, 'ForwardingRule', createRule),
  deleteMethod(forwardingRules, { finish: ({ cloud }, path) => releaseAddress(cloud, path) }),
  setLabelsMethod(forwardingRules, 'RegionSetLabelsRequest'),
  { id: 'compute.forwardingRules.patch', verb: 'PATCH', path: memberTemplate(forwardingRules), body: 'ForwardingRule', permission: 'compute.forwardingRules.update', effect: patchEffect },
  { id: 'compute.forwardingRules.setTarget', verb: 'POST', path: `${collectionTemplate(forwardingRules)}/{forwardingRule}/setTarget`, body: 'TargetReference', effect: setTargetEffect },
];
