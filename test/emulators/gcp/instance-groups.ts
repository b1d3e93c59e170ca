import { ApiError, badRequest, conditionNotMet, invalid, notFound, OperationError, required } from './api-error.ts';
import type { Cloud } from './cloud.ts';
import type { Effect } from './effect.ts';
import { deleteMethod, insertMethod, memberPath, memberTemplate, readMethods, type Family } from './family.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { nameFormat, nameRegex, parseReference, projectOf, scopeOf, type Path } from './links.ts';
import { listAnswer, listQuery } from './lists.ts';
import type { Call, Method } from './method.ts';
import { targetOf } from './operations.ts';
import { fingerprintOf } from './seeded.ts';

export const instanceGroups: Family = { service: 'instanceGroups', collection: 'instanceGroups', parameter: 'instanceGroup', scope: 'zones', kind: 'compute#instanceGroup', noun: 'instance_group', users: ['backendServices'], aggregated: ['zones', 'regions'] };

/** How many instances an unmanaged group takes. */
const most = 2_000;

function portsOf(field: string, asked: unknown): Json {
  const ports = (asked as readonly Json[] | undefined) ?? [];
  for (const [index, { name, port }] of ports.entries()) {
    if (typeof name !== 'string' || !nameRegex.test(name)) throw invalid(`${field}[${index}].name`, name, `Must be a match of regex '${nameFormat}'`);
    if (typeof port !== 'number' || port < 1 || port > 65_535) throw invalid(`${field}[${index}].port`, port, 'Must be between 1 and 65535.');
  }
  return { namedPorts: ports.length === 0 ? undefined : ports, fingerprint: fingerprintOf(ports) };
}

/** The instances that a request names, of the group's zone. */
function named(call: Call, path: Path): readonly Path[] {
  const asked = call.body['instances'] as readonly Json[] | undefined;
  if (asked === undefined || asked.length === 0) throw required('instances');
  if (asked.length > 1_000) throw invalid('instances', '', 'At most 1000 instances can be specified in one request.');
  return asked.map(({ instance }, index) => {
    const member = parseReference(textOf(instance ?? ''), { field: `instances[${index}].instance`, project: call.project, collections: ['instances'] });
    if (scopeOf(member) !== scopeOf(path)) throw invalid(`instances[${index}].instance`, instance, `The instance must be in the zone of the instance group, '${scopeOf(path).slice('zones/'.length)}'.`);
    if (call.cloud.resources.get(member) === undefined) throw notFound(member);
    return member;
  });
}

function addEffect(call: Call): Effect {
  const { cloud } = call;
  const path = memberPath(call, instanceGroups);
  const group = cloud.ready(path);
  const added = named(call, path);
  const members = () => cloud.members.get(path) ?? new Set<Path>();
  const already = added.find((instance) => members().has(instance));
  if (already !== undefined) throw new ApiError(400, 'memberAlreadyExists', `Instance '${already}' is already a member of '${path}'.`);
  return {
    ...targetOf(path, group),
    operationType: 'compute.instanceGroups.addInstances',
    finish: () => {
      const current = members();
      if (current.size + added.length > most) throw new OperationError('LIMIT_EXCEEDED', `Exceeded limit 'maximum_instances' on resource '${group.name}'. Limit: ${most.toFixed(1)}`, badRequest);
      if (isBalanced(cloud, path)) for (const instance of added) checkSingleBalancing(cloud, instance, path);
      setMembers(cloud, path, new Set([...current, ...added.filter((instance) => cloud.resources.get(instance) !== undefined)]));
    },
  };
}

function removeEffect(call: Call): Effect {
  const { cloud } = call;
  const path = memberPath(call, instanceGroups);
  const group = cloud.ready(path);
  const removed = new Set(named(call, path));
  const absent = [...removed].find((instance) => !cloud.members.get(path)?.has(instance));
  if (absent !== undefined) throw new ApiError(400, 'memberNotFound', `Instance '${absent}' is not a member of '${path}'.`);
  return { ...targetOf(path, group), operationType: 'compute.instanceGroups.removeInstances', finish: () => setMembers(cloud, path, new Set([...(cloud.members.get(path) ?? [])].filter((instance) => !removed.has(instance)))) };
}

function setMembers(cloud: Cloud, path: Path, members: Set<Path>): void {
  cloud.members.set(path, members);
  const [first] = members;
  const network = first === undefined ? undefined : (cloud.resources.get(first)?.['networkInterfaces'] as readonly Json[] | undefined)?.[0];
  cloud.change(path, (current) => ({ ...current, size: members.size, network: current['network'] ?? network?.['network'], subnetwork: current['subnetwork'] ?? network?.['subnetwork'] }));
}

function isBalanced(cloud: Cloud, group: Path): boolean {
  return cloud.userOf(projectOf(group), group, ['backendServices']) !== undefined;
}

/** @throws {OperationError} when an instance is in another group that balances load */
export function checkSingleBalancing(cloud: Cloud, instance: Path, except: Path): void {
  for (const [group, members] of cloud.members) {
    if (group === except || !members.has(instance) || !isBalanced(cloud, group)) continue;
    throw new OperationError('INSTANCE_IN_MULTIPLE_LOAD_BALANCED_IGS', `Validation failed for instance '${instance}': instance may belong to at most one load-balanced instance group.`, badRequest);
  }
}

function listInstances(call: Call): Json {
  const path = memberPath(call, instanceGroups);
  const group = call.cloud.read(path);
  const members = [...(call.cloud.members.get(path) ?? [])].toSorted().map((member) => call.cloud.resources.get(member)).filter((each) => each !== undefined);
  const shown = call.body['instanceState'] === 'RUNNING' ? members.filter((instance) => instance['status'] === 'RUNNING') : members;
  const items = shown.map((instance): Resource => ({ ...instance, instance: instance.selfLink, namedPorts: group['namedPorts'] }));
  const answer = listAnswer(call, 'compute#instanceGroupsListInstances', `${path}/listInstances`, items);
  const rows = (answer['items'] as readonly Resource[] | undefined)?.map(({ selfLink, status, namedPorts }) => ({ instance: selfLink, status, namedPorts }));
  return { ...answer, ...(rows === undefined ? {} : { items: rows }) };
}

function setPortsEffect(call: Call): Effect {
  const { cloud, body } = call;
  const path = memberPath(call, instanceGroups);
  const group = cloud.ready(path);
  const ports = portsOf('namedPorts', body['namedPorts']);
  if (body['fingerprint'] !== undefined && body['fingerprint'] !== group['fingerprint']) throw conditionNotMet('Fingerprint does not match current instance group fingerprint.');
  return { ...targetOf(path, group), operationType: 'compute.instanceGroups.setNamedPorts', begin: () => cloud.change(path, (current) => ({ ...current, ...ports })) };
}

const member = memberTemplate(instanceGroups);

export const instanceGroupMethods: readonly Method[] = [
  ...readMethods(instanceGroups),
  insertMethod(instanceGroups, 'InstanceGroup', ({ cloud, body }) => ({
    fields: { ...portsOf('resource.namedPorts', body['namedPorts']), size: 0 },
    begin: (path) => void cloud.members.set(path, new Set()),
  })),
  deleteMethod(instanceGroups, { finish: ({ cloud }, path) => void cloud.members.delete(path) }),
  { id: 'compute.instanceGroups.addInstances', verb: 'POST', path: `${member}/addInstances`, body: 'InstanceGroupsAddInstancesRequest', permission: 'compute.instanceGroups.update', effect: addEffect },
  { id: 'compute.instanceGroups.removeInstances', verb: 'POST', path: `${member}/removeInstances`, body: 'InstanceGroupsRemoveInstancesRequest', permission: 'compute.instanceGroups.update', effect: removeEffect },
  { id: 'compute.instanceGroups.listInstances', verb: 'POST', path: `${member}/listInstances`, query: listQuery, body: 'InstanceGroupsListInstancesRequest', permission: 'compute.instanceGroups.list', handle: listInstances },
  { id: 'compute.instanceGroups.setNamedPorts', verb: 'POST', path: `${member}/setNamedPorts`, body: 'InstanceGroupsSetNamedPortsRequest', permission: 'compute.instanceGroups.update', effect: setPortsEffect },
];
