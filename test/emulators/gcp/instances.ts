import { invalid, notFoundFailure, notReady, required, type OperationError } from './api-error.ts';
import type { MachineType } from './catalog.ts';
import { machineTypeOf } from './catalog-methods.ts';
import type { Cloud } from './cloud.ts';
import type { Effect } from './effect.ts';
import { deleteMethod, insertMethod, labelFields, memberPath, memberTemplate, readMethods, type Creation } from './family.ts';
import { checkAttachable, markUsed, plannedDisks, releaseDisks, type PlannedDisk } from './instance-disks.ts';
import { instances } from './instance-family.ts';
import { instanceInterfaces, plannedInterfaces, type PlannedInterface } from './instance-interfaces.ts';
import { metadataOf, tagsOf } from './instance-settings.ts';
import { type Json, textOf } from './json.ts';
import { checkLabels } from './labels.ts';
import { lastOf, linkOf, parseReference, regionOfZone, type Path } from './links.ts';
import type { Call, Method } from './method.ts';
import { targetOf, timestamp } from './operations.ts';
import { fingerprintOf } from './seeded.ts';

function createInstance(call: Call, name: string): Creation {
  const { cloud, project, body, parameters } = call;
  const zone = parameters['zone'] ?? '';
  if (body['machineType'] === undefined) throw required('resource.machineType');
  const machineType = parseReference(textOf(body['machineType']), { field: 'resource.machineType', project, collections: ['machineTypes'] });
  const type = machineTypeOf('resource.machineType', machineType, zone);
  const disks = plannedDisks(call, name, type);
  const interfaces = plannedInterfaces(call, regionOfZone(zone));
  const refusal = diskRefusal(cloud, project, zone, disks);
  return {
    fields: { ...settings(call), machineType: linkOf(machineType), cpuPlatform: type.platform, disks: disks.map(({ attached }) => attached), networkInterfaces: [] },
    status: ['PROVISIONING', 'RUNNING'],
    slowness: 4,
    refusal,
    begin: (_path, visible) => {
      for (const { path: disk, made } of disks) if (made !== undefined) cloud.resources.put(disk, made, visible);
    },
    advance: (path) => cloud.change(path, (current) => ({ ...current, status: 'STAGING' })),
    finish: (path) => finishInstance(cloud, path, { type, disks, interfaces }),
  };
}

interface Planned {
  readonly type: MachineType;
  readonly disks: readonly PlannedDisk[];
  readonly interfaces: readonly PlannedInterface[];
}

function finishInstance(cloud: Cloud, path: Path, { type, disks, interfaces }: Planned): void {
  const removeDisks = () => {
    for (const { path: disk, made } of disks) if (made !== undefined) cloud.resources.remove(disk);
  };
  try {
    if (cloud.resources.get(path) === undefined) throw notFoundFailure(path);
    for (const { path: disk, made, attached } of disks) if (made === undefined) checkAttachable(cloud, disk, attached.mode);
    const networkInterfaces = instanceInterfaces(cloud, interfaces);
    cloud.takeCapacity(path, type.name);
    for (const { path: disk, made } of disks) if (made !== undefined) cloud.change(disk, (current) => ({ ...current, status: 'READY' }));
    for (const { path: disk } of disks) markUsed(cloud, disk, path);
    cloud.change(path, (current) => ({ ...current, networkInterfaces, lastStartTimestamp: timestamp(cloud.clock.now()) }));
  } catch (error) {
    removeDisks();
    throw error;
  }
}

function diskRefusal(cloud: Cloud, project: string, zone: string, disks: readonly PlannedDisk[]): OperationError | undefined {
  for (const { made } of disks) {
    const refusal = made === undefined ? undefined : cloud.quotas.refusal(project, regionOfZone(zone), 'disks', made);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function settings({ body, cloud }: Call): Json {
  const names = ['advancedMachineFeatures', 'confidentialInstanceConfig', 'guestAccelerators', 'hostname', 'minCpuPlatform', 'params', 'reservationAffinity', 'resourcePolicies', 'serviceAccounts', 'shieldedInstanceConfig'];
  const scheduling = (body['scheduling'] ?? {}) as Json;
  return {
    ...Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]]))),
    canIpForward: body['canIpForward'] ?? false,
    deletionProtection: body['deletionProtection'] ?? false,
    scheduling: { onHostMaintenance: 'MIGRATE', automaticRestart: true, preemptible: false, provisioningModel: 'STANDARD', ...scheduling },
    metadata: metadataOf(body['metadata']),
    tags: tagsOf(body['tags']),
    startRestricted: false,
    fingerprint: fingerprintOf(cloud.random.id()),
    ...labelFields(checkLabels(body['labels'] ?? {}, 'resource.labels')),
  };
}

/** What a deleted instance leaves: disks that are not deleted with it, groups without it. */
export function removeInstance(cloud: Cloud, path: Path): void {
  const instance = cloud.resources.get(path);
  if (instance === undefined) return;
  releaseDisks(cloud, path, instance);
  for (const [group, members] of cloud.members) if (members.delete(path)) cloud.change(group, (current) => ({ ...current, size: members.size }));
  cloud.giveCapacity(path);
  cloud.resources.remove(path);
}

function zoneOf(path: Path): string {
  return path.split('/')[3] ?? '';
}

function startEffect(call: Call): Effect {
  const { cloud } = call;
  const path = memberPath(call, instances);
  const instance = cloud.ready(path);
  const status = instance['status'];
  if (status !== 'TERMINATED' && status !== 'RUNNING') throw notReady(path);
  const base = { ...targetOf(path, instance), operationType: 'start', slowness: 3 };
  if (status === 'RUNNING') return base;
  const refusal = cloud.quotas.refusal(call.project, regionOfZone(zoneOf(path)), 'instances', { ...instance, status: 'RUNNING' });
  const became = (next: string) => cloud.change(path, (current) => ({ ...current, status: next }));
  return {
    ...base,
    finish: () => {
      if (refusal !== undefined && refusal.message.includes("'CPUS'")) throw refusal;
      if (cloud.resources.get(path) === undefined) throw notFoundFailure(path);
      cloud.takeCapacity(path, lastOf(textOf(instance['machineType'])));
      startInstance(cloud, path);
    },
    advance: () => became('STAGING'),
    undo: () => became('TERMINATED'),
  };
}

/** A started instance runs, with a new external address where it had an ephemeral one. */
export function startInstance(cloud: Cloud, path: Path): void {
  cloud.change(path, (current) => ({ ...current, status: 'RUNNING', lastStartTimestamp: timestamp(cloud.clock.now()) }));
}

export function stopInstance(cloud: Cloud, path: Path): void {
  const instance = cloud.resources.get(path);
  if (instance === undefined || instance['status'] === 'TERMINATED') return;
  cloud.giveCapacity(path);
  cloud.resources.put(path, { ...instance, status: 'TERMINATED', lastStopTimestamp: timestamp(cloud.clock.now()) });
}

function stopEffect(call: Call): Effect {
  const { cloud } = call;
  const path = memberPath(call, instances);
  const instance = cloud.ready(path);
  const stopping = () => cloud.change(path, (current) => (current['status'] === 'TERMINATED' ? current : { ...current, status: 'STOPPING' }));
  return { ...targetOf(path, instance), operationType: 'stop', slowness: 4, begin: stopping, finish: () => stopInstance(cloud, path) };
}

export const instanceMethods: readonly Method[] = [
  ...readMethods(instances),
  insertMethod(instances, 'Instance', createInstance),
  deleteMethod(instances, {
    slowness: 4,
    check: ({ cloud }, path) => {
      if (cloud.resources.get(path)?.['deletionProtection'] === true) throw invalid('resource.deletionProtection', 'true', "Resource cannot be deleted if it's protected against deletion.");
    },
    begin: ({ cloud }, path) => cloud.change(path, (current) => ({ ...current, status: 'STOPPING' })),
    finish: ({ cloud }, path) => removeInstance(cloud, path),
  }),
  { id: 'compute.instances.stop', verb: 'POST', path: `${memberTemplate(instances)}/stop`, query: ['discardLocalSsd'], effect: stopEffect },
  { id: 'compute.instances.start', verb: 'POST', path: `${memberTemplate(instances)}/start`, effect: startEffect },
];
