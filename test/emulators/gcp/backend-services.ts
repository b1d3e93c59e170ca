import { conditionNotMet, invalid, notFound, OperationError } from './api-error.ts';
import { backendHealth } from './backend-health.ts';
import type { Cloud } from './cloud.ts';
import type { Effect } from './effect.ts';
import { deleteMethod, insertMethod, memberPath, memberTemplate, readMethods, type Family } from './family.ts';
import { checkSingleBalancing } from './instance-groups.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { linkOf, parseReference, pathOfLink, regionOf, scopeOf, type Path } from './links.ts';
import type { Call, Method } from './method.ts';
import { networkOf } from './networks.ts';
import { targetOf } from './operations.ts';
import { fingerprintOf } from './seeded.ts';

export const regionBackendServices: Family = { service: 'regionBackendServices', collection: 'backendServices', parameter: 'backendService', scope: 'regions', kind: 'compute#backendService', noun: 'backend_service', users: ['forwardingRules'] };

/** Which protocols a scheme balances. */
const protocols: Readonly<Record<string, readonly string[]>> = {
  INTERNAL: ['TCP', 'UDP', 'UNSPECIFIED'],
  EXTERNAL: ['TCP', 'UDP', 'UNSPECIFIED'],
  EXTERNAL_MANAGED: ['HTTP', 'HTTPS', 'HTTP2', 'TCP', 'SSL', 'GRPC', 'H2C'],
  INTERNAL_MANAGED: ['HTTP', 'HTTPS', 'HTTP2', 'TCP', 'SSL', 'GRPC', 'H2C'],
};

const kept = ['connectionTrackingPolicy', 'description', 'failoverPolicy', 'localityLbPolicy', 'logConfig', 'port', 'portName', 'subsetting', 'networkPassThroughLbTrafficPolicy', 'customRequestHeaders', 'customResponseHeaders'];

/** A service as it is kept, from a whole body. */
function serviceFields(call: Call, body: Json, region: string): Json {
  const scheme = textOf(body['loadBalancingScheme'] ?? 'EXTERNAL');
  const passthrough = scheme === 'INTERNAL' || scheme === 'EXTERNAL';
  const protocol = textOf(body['protocol'] ?? (passthrough ? 'TCP' : 'HTTP'));
  checkScheme(body, scheme, protocol);
  return {
    loadBalancingScheme: scheme,
    protocol,
    ...Object.fromEntries(kept.map((name) => [name, body[name]])),
    timeoutSec: timeout(body['timeoutSec']),
    sessionAffinity: body['sessionAffinity'] ?? 'NONE',
    connectionDraining: draining(body['connectionDraining']),
    ...(body['network'] === undefined ? {} : { network: networkOf(call.cloud, call.project, 'resource.network', body['network']).selfLink }),
    backends: backendsOf(call, body, region, scheme),
    healthChecks: healthChecksOf(call, body, region, passthrough),
  };
}

function checkScheme(body: Json, scheme: string, protocol: string): void {
  const allowed = protocols[scheme];
  const passthrough = scheme === 'INTERNAL' || scheme === 'EXTERNAL';
  if (allowed === undefined) throw invalid('resource.loadBalancingScheme', scheme, 'The scheme cannot be used for a regional backend service.');
  if (!allowed.includes(protocol)) throw invalid('resource.protocol', protocol, `The protocol cannot be used with load balancing scheme ${scheme}.`);
  if (passthrough && (body['portName'] ?? '') !== '') throw invalid('resource.portName', body['portName'], `Port name cannot be specified for load balancing scheme ${scheme}.`);
  if (scheme === 'EXTERNAL' && body['network'] !== undefined) throw invalid('resource.network', body['network'], 'A network can be specified for internal load balancing only.');
}

function timeout(asked: unknown): number {
  const seconds = Number(asked ?? 30);
  if (seconds < 1) throw invalid('resource.timeoutSec', textOf(asked), 'Must be at least 1.');
  return seconds;
}

function draining(asked: unknown): Json {
  const seconds = Number((asked as Json | undefined)?.['drainingTimeoutSec'] ?? 0);
  if (seconds < 0 || seconds > 3_600) throw invalid('resource.connectionDraining.drainingTimeoutSec', textOf(seconds), 'Must be between 0 and 3600.');
  return { drainingTimeoutSec: seconds };
}

function backendsOf({ cloud, project }: Call, body: Json, region: string, scheme: string): readonly Json[] | undefined {
  const asked = (body['backends'] as readonly Json[] | undefined) ?? [];
  if (asked.length > 250) throw invalid('resource.backends', '', 'At most 250 backends can be specified.');
  const groups = new Set<Path>();
  const backends = asked.map((backend, index) => {
    const field = `resource.backends[${index}]`;
    const path = parseReference(textOf(backend['group'] ?? ''), { field: `${field}.group`, project, collections: ['instanceGroups', 'networkEndpointGroups'] });
    if (cloud.resources.get(path) === undefined) throw notFound(path);
    if (regionOf(path) !== region) throw invalid(`${field}.group`, backend['group'], `The group must be in region '${region}'.`);
    if (groups.has(path)) throw invalid(`${field}.group`, backend['group'], 'The group is there twice.');
    groups.add(path);
    return backendOf(field, backend, scheme, linkOf(path));
  });
  return backends.length === 0 ? undefined : backends;
}

function backendOf(field: string, backend: Json, scheme: string, group: string): Json {
  const passthrough = scheme === 'INTERNAL' || scheme === 'EXTERNAL';
  const mode = backend['balancingMode'] ?? (passthrough ? 'CONNECTION' : 'UTILIZATION');
  if (passthrough && mode !== 'CONNECTION') throw invalid(`${field}.balancingMode`, mode, `Balancing mode must be CONNECTION for an ${scheme} backend service.`);
  const limit = ['maxConnections', 'maxConnectionsPerInstance', 'maxRate', 'maxRatePerInstance', 'maxUtilization', 'capacityScaler'].find((name) => backend[name] !== undefined && Number(backend[name]) !== 0);
  if (passthrough && limit !== undefined && !(limit === 'capacityScaler' && Number(backend[limit]) === 1)) throw invalid(`${field}.${limit}`, textOf(backend[limit]), `${limit} cannot be specified for an ${scheme} backend service.`);
  return { ...backend, group, balancingMode: mode, failover: backend['failover'] };
}

function healthChecksOf({ cloud, project }: Call, body: Json, region: string, passthrough: boolean): readonly string[] | undefined {
  const asked = (body['healthChecks'] as readonly string[] | undefined) ?? [];
  if (asked.length > 1) throw invalid('resource.healthChecks', '', 'A backend service can have at most one health check.');
  if (asked.length === 0 && passthrough) throw invalid('resource.healthChecks', '', 'A health check must be specified.');
  const links = asked.map((value, index) => {
    const path = parseReference(value, { field: `resource.healthChecks[${index}]`, project, collections: ['healthChecks'] });
    if (cloud.resources.get(path) === undefined) throw notFound(path);
    if (scopeOf(path) !== 'global' && regionOf(path) !== region) throw invalid(`resource.healthChecks[${index}]`, value, `The health check must be global or in region '${region}'.`);
    return linkOf(path);
  });
  return links.length === 0 ? undefined : links;
}

/** @throws {OperationError} where an instance would be balanced by two groups */
function checkGroups(cloud: Cloud, fields: Json): void {
  for (const { group } of (fields['backends'] as readonly Json[] | undefined) ?? []) {
    const path = pathOfLink(textOf(group));
    if (cloud.resources.get(path) === undefined) throw new OperationError('RESOURCE_NOT_FOUND', `The resource '${path}' was not found`, [404, 'NOT FOUND']);
    for (const instance of cloud.members.get(path) ?? []) checkSingleBalancing(cloud, instance, path);
  }
}

function withFingerprint(fields: Json): Json {
  return { ...fields, fingerprint: fingerprintOf(fields) };
}

function changeEffect(operationType: 'patch' | 'update'): (call: Call) => Effect {
  return (call) => {
    const { cloud, body, parameters } = call;
    const path = memberPath(call, regionBackendServices);
    const service = cloud.ready(path);
    if (body['fingerprint'] !== service['fingerprint']) throw conditionNotMet('Invalid fingerprint.');
    for (const name of ['name', 'loadBalancingScheme', 'network']) if (body[name] !== undefined && operationType === 'patch' && !sameValue(body[name], service[name])) throw invalid(`resource.${name}`, body[name], 'The field cannot be changed.');
    const fields = withFingerprint(serviceFields(call, operationType === 'patch' ? merged(service, body) : body, parameters['region'] ?? ''));
    checkFixed(cloud, path, service, fields);
    const previous = service;
    return {
      ...targetOf(path, service),
      operationType,
      begin: () => cloud.change(path, (current) => ({ ...current, ...fields })),
      finish: () => checkGroups(cloud, fields),
      undo: () => cloud.change(path, () => previous),
    };
  };
}

function sameValue(asked: unknown, kept: unknown): boolean {
  return asked === kept || (typeof asked === 'string' && typeof kept === 'string' && kept.endsWith(`/${asked.split('/compute/v1/').at(-1) ?? ''}`));
}

function merged(service: Resource, body: Json): Json {
  return Object.fromEntries(Object.entries({ ...service, ...body }).filter(([, value]) => value !== undefined));
}

/** A service that a forwarding rule uses keeps its scheme and protocol. */
function checkFixed(cloud: Cloud, path: Path, service: Resource, fields: Json): void {
  const name = ['loadBalancingScheme', 'protocol'].find((each) => fields[each] !== service[each]);
  if (name === undefined) return;
  const user = cloud.userOf(path.split('/')[1] ?? '', path, ['forwardingRules']);
  if (user !== undefined) throw invalid(`resource.${name}`, fields[name], `The field cannot be changed: the backend service is used by '${user}'.`);
}

const member = memberTemplate(regionBackendServices);

export const backendServiceMethods: readonly Method[] = [
  ...readMethods(regionBackendServices),
  insertMethod(regionBackendServices, 'BackendService', (call) => {
    const fields = withFingerprint(serviceFields(call, call.body, call.parameters['region'] ?? ''));
    return { fields, finish: () => checkGroups(call.cloud, fields) };
  }),
  deleteMethod(regionBackendServices),
  { id: 'compute.regionBackendServices.patch', verb: 'PATCH', path: member, body: 'BackendService', permission: 'compute.regionBackendServices.update', effect: changeEffect('patch') },
  { id: 'compute.regionBackendServices.update', verb: 'PUT', path: member, body: 'BackendService', effect: changeEffect('update') },
  {
    id: 'compute.regionBackendServices.getHealth',
    verb: 'POST',
    path: `${member}/getHealth`,
    body: 'ResourceGroupReference',
    permission: 'compute.regionBackendServices.get',
    handle: (call) => backendHealth(call, call.cloud.read(memberPath(call, regionBackendServices))),
  },
];
