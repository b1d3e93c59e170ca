import { badRequest, invalid, inUseFailure, notReadyFailure, OperationError, required, requiredParameter } from './api-error.ts';
import { machineTypes, type MachineType } from './catalog.ts';
import type { Cloud } from './cloud.ts';
import { diskSize, diskSource, diskTypeOf, provisioning } from './disk-rules.ts';
import { attachableDisk, disks as zonalDisks, usersOf } from './disks.ts';
import type { Effect } from './effect.ts';
import { labelFields, memberPath, memberTemplate } from './family.ts';
import { instances } from './instance-family.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { checkLabels } from './labels.ts';
import { lastOf, linkOf, nameRegex, pathOfLink, type Path } from './links.ts';
import { flag } from './lists.ts';
import type { Call, Method } from './method.ts';
import { placeOf, targetOf, timestamp } from './operations.ts';

export interface AttachedDisk extends Json {
  readonly deviceName: string;
  /** The link of the disk. */
  readonly source: string;
  readonly mode: string;
  readonly index: number;
  readonly boot: boolean;
  readonly autoDelete: boolean;
}

/** A disk of an instance that is to be made. */
export interface PlannedDisk {
  readonly path: Path;
  /** The new disk, where it is not one that exists. */
  readonly made: Resource | undefined;
  readonly attached: AttachedDisk;
}

/** The disks of an instance's body. */
export function plannedDisks(call: Call, instance: string, type: MachineType): readonly PlannedDisk[] {
  const asked = (call.body['disks'] as readonly Json[] | undefined) ?? [];
  if (asked.length === 0) throw invalid('resource.disks', '', 'At least one disk, the boot disk, must be specified.');
  if (asked.filter((disk) => disk['boot'] === true).length > 1 || (asked[0]?.['boot'] ?? false) !== true) throw invalid('resource.disks', '', 'Boot disk must be the first disk attached to the instance.');
  if (asked.length > type.disks) throw invalid('resource.disks', '', `Too many disks: ${type.name} takes ${type.disks}.`);
  const planned = asked.map((disk, index) => plannedDisk(call, disk, index, instance));
  const names = planned.map(({ attached }) => attached.deviceName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`resource.disks[${names.lastIndexOf(twice)}].deviceName`, twice, 'The device name is used by another disk of the instance.');
  for (const { made, path } of planned) checkFits(type, made ?? call.cloud.resources.get(path));
  return planned;
}

function plannedDisk(call: Call, disk: Json, index: number, instance: string): PlannedDisk {
  const field = `resource.disks[${index}]`;
  const zone = call.parameters['zone'] ?? '';
  if (disk['source'] === undefined) {
    if (disk['initializeParams'] === undefined) throw required(`${field}.source`);
    const made = newDisk(call, disk, `${field}.initializeParams`, index === 0 ? instance : `${instance}-${index}`);
    return { path: pathOfLink(made.selfLink), made, attached: attachedOf(disk, made, index) };
  }
  if (disk['initializeParams'] !== undefined) throw invalid(field, '', 'Only one of source and initializeParams can be specified.');
  const path = attachableDisk(call, `${field}.source`, textOf(disk['source']), zone);
  return { path, made: undefined, attached: attachedOf(disk, call.cloud.ready(path), index) };
}

function newDisk(call: Call, disk: Json, field: string, fallback: string): Resource {
  const { cloud, project, parameters } = call;
  const asked = (disk['initializeParams'] ?? {}) as Json;
  const scope = `zones/${parameters['zone'] ?? ''}`;
  const name = textOf(asked['diskName'] ?? fallback);
  if (!nameRegex.test(name)) throw invalid(`${field}.diskName`, name, 'The name is of no valid form.');
  const path = `projects/${project}/${scope}/${zonalDisks.collection}/${name}`;
  if (cloud.resources.get(path) !== undefined) throw invalid(`${field}.diskName`, name, `The disk '${path}' already exists.`);
  const place = { cloud, project, scope, field };
  const { type, link } = diskTypeOf(place, asked['diskType']);
  const source = diskSource(place, { image: asked['sourceImage'], snapshot: asked['sourceSnapshot'] });
  const sizeGb = diskSize(place, type, asked['diskSizeGb'] ?? disk['diskSizeGb'], source, 'diskSizeGb');
  return {
    kind: 'compute#disk',
    id: cloud.random.id(),
    creationTimestamp: timestamp(cloud.clock.now()),
    name,
    ...placeOf(project, scope),
    status: 'CREATING',
    sizeGb: textOf(sizeGb),
    type: link,
    ...source?.fields,
    ...provisioning(field, type, sizeGb, { iops: asked['provisionedIops'], throughput: asked['provisionedThroughput'] }),
    ...labelFields(checkLabels(asked['labels'] ?? {}, `${field}.labels`)),
    physicalBlockSizeBytes: '4096',
    selfLink: linkOf(path),
  };
}

function attachedOf(asked: Json, disk: Resource, index: number): AttachedDisk {
  return {
    kind: 'compute#attachedDisk',
    type: 'PERSISTENT',
    mode: textOf(asked['mode'] ?? 'READ_WRITE'),
    source: disk.selfLink,
    deviceName: textOf(asked['deviceName'] ?? `persistent-disk-${index}`),
    index,
    boot: asked['boot'] === true,
    autoDelete: asked['autoDelete'] === true,
    interface: asked['interface'] ?? 'SCSI',
    diskSizeGb: textOf(disk['sizeGb']),
  };
}

/** @throws {OperationError} a type of disk that the machine type does not take */
function checkFits(type: MachineType, disk: Resource | undefined): void {
  const diskType = lastOf(textOf(disk?.['type']));
  if (!type.diskTypes.includes(diskType)) throw invalid('resource.disks', '', `${diskType} disk type cannot be used by ${type.name} machine type.`);
}

/** @throws {OperationError} where a disk cannot be attached in this mode now */
export function checkAttachable(cloud: Cloud, disk: Path, mode: string): void {
  const resource = cloud.resources.get(disk);
  if (resource?.['status'] !== 'READY' || cloud.deleting.has(disk)) throw notReadyFailure(disk);
  if (resource['accessMode'] === 'READ_WRITE_MANY' || resource['accessMode'] === 'READ_ONLY_MANY') return;
  const blocking = usersOf(resource).find((user) => mode !== 'READ_ONLY' || attachmentOf(cloud, pathOfLink(user), resource.selfLink)?.mode !== 'READ_ONLY');
  if (blocking !== undefined) throw inUseFailure('disk', disk, pathOfLink(blocking));
}

export function attachmentsOf(instance: Resource | undefined): readonly AttachedDisk[] {
  return (instance?.['disks'] as readonly AttachedDisk[] | undefined) ?? [];
}

function attachmentOf(cloud: Cloud, instance: Path, link: string): AttachedDisk | undefined {
  return attachmentsOf(cloud.resources.get(instance)).find(({ source }) => source === link);
}

export function markUsed(cloud: Cloud, disk: Path, instance: Path): void {
  cloud.change(disk, (current) => ({ ...current, users: [...usersOf(current), linkOf(instance)], lastAttachTimestamp: timestamp(cloud.clock.now()) }));
}

function markUnused(cloud: Cloud, disk: Path, instance: Path): void {
  cloud.change(disk, (current) => {
    const users = usersOf(current).filter((user) => user !== linkOf(instance));
    return { ...current, users: users.length === 0 ? undefined : users, lastDetachTimestamp: timestamp(cloud.clock.now()) };
  });
}

/** What becomes of the disks of an instance that goes. */
export function releaseDisks(cloud: Cloud, path: Path, instance: Resource): void {
  for (const { source, autoDelete } of attachmentsOf(instance)) {
    markUnused(cloud, pathOfLink(source), path);
    if (autoDelete && usersOf(cloud.resources.get(pathOfLink(source))).length === 0) cloud.resources.remove(pathOfLink(source));
  }
}

function attachEffect(call: Call): Effect {
  const { cloud, body, parameters, query } = call;
  const path = memberPath(call, instances);
  const instance = cloud.ready(path);
  if (body['source'] === undefined || body['source'] === '') throw required('disk.source');
  const disk = attachableDisk(call, 'disk.source', textOf(body['source']), parameters['zone'] ?? '');
  const resource = cloud.ready(disk);
  const type = machineTypes.get(lastOf(textOf(instance['machineType'])));
  if (type !== undefined) checkFits(type, resource);
  const deviceName = body['deviceName'];
  if (attachmentsOf(instance).some((each) => each.deviceName === deviceName)) throw invalid('disk.deviceName', deviceName, 'The device name is used by another disk of the instance.');
  if (body['boot'] === true && instance['status'] !== 'TERMINATED') throw invalid('disk.boot', 'true', 'A boot disk can only be attached to a stopped instance.');
  const force = flag(query, 'forceAttach') || body['forceAttach'] === true;
  return {
    ...targetOf(path, instance),
    operationType: 'attachDisk',
    finish: () => {
      const current = cloud.resources.get(path);
      if (current === undefined || cloud.deleting.has(path)) throw notReadyFailure(path);
      if (force && Array.isArray(resource['replicaZones'])) for (const user of usersOf(cloud.resources.get(disk))) detach(cloud, pathOfLink(user), resource.selfLink);
      attach(cloud, path, disk, body);
    },
  };
}

function attach(cloud: Cloud, path: Path, disk: Path, asked: Json): void {
  checkAttachable(cloud, disk, textOf(asked['mode'] ?? 'READ_WRITE'));
  const [instance, resource] = [cloud.resources.get(path), cloud.resources.get(disk)];
  if (instance === undefined || resource === undefined) throw notReadyFailure(path);
  const attached = attachmentsOf(instance);
  const most = machineTypes.get(lastOf(textOf(instance['machineType'])))?.disks ?? 128;
  if (attached.length >= most) throw new OperationError('LIMIT_EXCEEDED', `Exceeded limit 'maximum_persistent_disks' on resource '${instance.name}'. Limit: ${most.toFixed(1)}`, badRequest);
  let index = 0;
  while (attached.some((each) => each.index === index)) index++;
  const added = attachedOf(asked, resource, index);
  if (attached.some(({ deviceName }) => deviceName === added.deviceName)) throw new OperationError('INVALID_USAGE', `The device name '${added.deviceName}' is used by another disk of the instance.`, badRequest);
  cloud.resources.put(path, { ...instance, disks: [...attached, added] });
  markUsed(cloud, disk, path);
}

function detach(cloud: Cloud, path: Path, link: string): void {
  cloud.change(path, (current) => ({ ...current, disks: attachmentsOf(current).filter(({ source }) => source !== link) }));
  markUnused(cloud, pathOfLink(link), path);
}

function detachEffect(call: Call): Effect {
  const { cloud, query } = call;
  const path = memberPath(call, instances);
  const instance = cloud.ready(path);
  const deviceName = query.get('deviceName');
  if (deviceName === null || deviceName === '') throw requiredParameter('deviceName');
  const attached = attachmentsOf(instance).find((each) => each.deviceName === deviceName);
  if (attached === undefined) throw invalid('deviceName', deviceName, `No attached disk found with device name '${deviceName}'`);
  if (attached.boot && instance['status'] !== 'TERMINATED') throw invalid('deviceName', deviceName, 'A boot disk cannot be detached from a running instance.');
  return {
    ...targetOf(path, instance),
    operationType: 'detachDisk',
    finish: () => {
      if (attachmentOf(cloud, path, attached.source) === undefined) throw new OperationError('INVALID_USAGE', `No attached disk found with device name '${deviceName}'`, badRequest);
      detach(cloud, path, attached.source);
    },
  };
}

export const instanceDiskMethods: readonly Method[] = [
  { id: 'compute.instances.attachDisk', verb: 'POST', path: `${memberTemplate(instances)}/attachDisk`, query: ['forceAttach'], body: 'AttachedDisk', effect: attachEffect },
  { id: 'compute.instances.detachDisk', verb: 'POST', path: `${memberTemplate(instances)}/detachDisk`, query: ['deviceName'], effect: detachEffect },
];
