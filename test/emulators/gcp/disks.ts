import { conditionNotMet, inUse, invalid, notFound, OperationError, required, requiredParameter } from './api-error.ts';
import { diskTypes } from './catalog.ts';
import { checkProvisioned, checkSize, diskSize, diskSource, diskTypeOf, notProvisioned, provisioning } from './disk-rules.ts';
import type { Effect } from './effect.ts';
import { deleteMethod, insertMethod, labelFields, memberPath, memberTemplate, readMethods, scopeOfCall, setLabelsMethod, type Creation, type Family } from './family.ts';
import { isObject, type Json, type Resource, textOf } from './json.ts';
import { checkLabels } from './labels.ts';
import { lastOf, linkOf, parseReference, pathOfLink, regionOf, scopeOf, type Path } from './links.ts';
import type { Call, Method } from './method.ts';
import { targetOf } from './operations.ts';
import { snapshotMethodOf } from './snapshots.ts';

export const disks: Family = { service: 'disks', collection: 'disks', parameter: 'disk', scope: 'zones', kind: 'compute#disk', noun: 'disk', aggregated: ['zones', 'regions'] };
export const regionDisks: Family = { service: 'regionDisks', collection: 'disks', parameter: 'disk', scope: 'regions', kind: 'compute#disk', noun: 'disk' };

/** How often a hyperdisk may be changed. */
const changeInterval = 4 * 3_600_000;

function createDisk(family: Family): (call: Call) => Creation {
  return (call) => {
    const { cloud, project, body } = call;
    const place = { cloud, project, scope: scopeOfCall(call, family), field: 'resource' };
    const { type, link } = diskTypeOf(place, body['type']);
    const source = diskSource(place, { image: body['sourceImage'] ?? call.query.get('sourceImage') ?? undefined, snapshot: body['sourceSnapshot'], disk: body['sourceDisk'] });
    const sizeGb = diskSize(place, type, body['sizeGb'], source);
    const fields = {
      sizeGb: textOf(sizeGb),
      type: link,
      ...passed(body),
      ...source?.fields,
      ...provisioning('resource', type, sizeGb, { iops: body['provisionedIops'], throughput: body['provisionedThroughput'] }),
      ...labelFields(checkLabels(body['labels'] ?? {}, 'resource.labels')),
      ...replicas(call, family),
      physicalBlockSizeBytes: body['physicalBlockSizeBytes'] ?? '4096',
      enableConfidentialCompute: body['enableConfidentialCompute'] ?? false,
    };
    return { fields, status: ['CREATING', 'READY'], finish: (path) => cloud.takeCapacity(path, type.name) };
  };
}

/** What a disk keeps of its body as it came. */
function passed(body: Json): Json {
  const names = ['accessMode', 'architecture', 'diskEncryptionKey', 'guestOsFeatures', 'licenses', 'resourcePolicies', 'storagePool'];
  return Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])));
}

function replicas({ cloud, project, body, parameters }: Call, family: Family): Json {
  const zones = body['replicaZones'];
  if (family.scope !== 'regions') {
    if (Array.isArray(zones) && zones.length > 0) throw invalid('resource.replicaZones', '', 'Replica zones can only be specified for regional disks.');
    return {};
  }
  if (!Array.isArray(zones)) throw required('resource.replicaZones');
  const region = parameters['region'] ?? '';
  const names = zones.map((zone) => zoneOf(textOf(zone)));
  if (names.length !== 2 || new Set(names).size !== 2) throw invalid('resource.replicaZones', '', 'Exactly two replica zones must be specified.');
  for (const name of names) {
    cloud.checkPlace('zone', name);
    if (!name.startsWith(`${region}-`)) throw invalid('resource.replicaZones', name, `Replica zones must be in region '${region}'.`);
  }
  return { replicaZones: names.map((name) => linkOf(`projects/${project}/zones/${name}`)) };
}

function zoneOf(value: string): string {
  if (!/^(?:https?:\/\/[^/]+\/compute\/v1\/)?(?:projects\/[^/]+\/)?zones\/[^/]+$/.test(value)) throw invalid('resource.replicaZones[0]', value, 'The URL is malformed.');
  return lastOf(value);
}

function resizeEffect(family: Family): (call: Call) => Effect {
  return (call) => {
    const { cloud, body } = call;
    const path = memberPath(call, family);
    const disk = cloud.ready(path);
    if (body['sizeGb'] === undefined) throw required('sizeGb');
    const [size, now] = [Number(body['sizeGb']), Number(disk['sizeGb'])];
    if (size <= now) throw invalid('sizeGb', body['sizeGb'], `New disk size '${size}' GiB must be larger than existing size '${now}' GiB.`);
    const type = diskTypes.get(lastOf(textOf(disk['type'])));
    if (type !== undefined) checkSize('sizeGb', type, size, family.scope === 'regions');
    const refusal = cloud.quotas.refusal(call.project, regionOf(path), 'disks', { ...disk, sizeGb: textOf(size - now) });
    return {
      ...targetOf(path, disk),
      operationType: 'resizeDisk',
      finish: () => {
        if (refusal !== undefined) throw refusal;
        cloud.change(path, (current) => ({ ...current, sizeGb: textOf(Math.max(size, Number(current['sizeGb']))) }));
      },
    };
  };
}

const updatable = new Set(['accessMode', 'labels', 'licenses', 'provisionedIops', 'provisionedThroughput', 'sizeGb']);

function updateEffect(family: Family): (call: Call) => Effect {
  return (call) => {
    const { cloud, query, body } = call;
    const path = memberPath(call, family);
    const disk = cloud.ready(path);
    const named = [...query.getAll('paths'), ...(query.get('updateMask') ?? '').split(',')].filter((each) => each !== '').map((each) => each.replace(/^disk\./, ''));
    if (named.length === 0) throw requiredParameter('paths');
    for (const name of named) if (!updatable.has(camel(name))) throw invalid('paths', name, 'The field cannot be updated.');
    const change = Object.fromEntries(named.map(camel).map((name) => [name, changed(disk, name, body[name])]));
    const provisioned = 'provisionedIops' in change || 'provisionedThroughput' in change;
    const last = cloud.provisioned.get(disk.id) ?? -Infinity;
    if (provisioned && cloud.clock.now() - last < changeInterval) throw conditionNotMet(`The disk '${disk.name}' cannot be updated: its provisioned performance can be changed once in 4 hours.`);
    return {
      ...targetOf(path, disk),
      operationType: 'update',
      begin: () => void (provisioned && cloud.provisioned.set(disk.id, cloud.clock.now())),
      finish: () => cloud.change(path, (current) => ({ ...current, ...change, ...(isObject(change['labels']) ? labelFields(change['labels'] as Record<string, string>) : {}) })),
    };
  };
}

function changed(disk: Resource, name: string, value: unknown): unknown {
  const type = diskTypes.get(lastOf(textOf(disk['type'])));
  if (value === undefined) throw required(`resource.${name}`);
  if (type === undefined) return value;
  if (name === 'labels') return checkLabels(value, 'resource.labels');
  if (name === 'sizeGb') {
    if (Number(value) < Number(disk['sizeGb'])) throw invalid('resource.sizeGb', value, `New disk size '${textOf(value)}' GiB must be larger than existing size '${textOf(disk['sizeGb'])}' GiB.`);
    checkSize('resource.sizeGb', type, Number(value), Array.isArray(disk['replicaZones']));
    return value;
  }
  if (name !== 'provisionedIops' && name !== 'provisionedThroughput') return value;
  const kind = name === 'provisionedIops' ? 'iops' : 'throughput';
  if (!type.changeable || !type.provisions.includes(kind)) throw notProvisioned(`resource.${name}`, value, type);
  checkProvisioned(`resource.${name}`, type, Number(disk['sizeGb']), kind, Number(value));
  return value;
}

function camel(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function methodsOf(family: Family, labelsBody: string, resizeBody: string): readonly Method[] {
  return [
    ...readMethods(family),
    insertMethod(family, 'Disk', createDisk(family), ['sourceImage']),
    deleteMethod(family, {
      check: ({ cloud }, path) => {
        const [user] = usersOf(cloud.resources.get(path));
        if (user !== undefined) throw inUse('disk', path, pathOfLink(user));
      },
      finish: ({ cloud }, path) => {
        const [user] = usersOf(cloud.resources.get(path));
        if (user === undefined) cloud.giveCapacity(path);
        else throw new OperationError('RESOURCE_IN_USE_BY_ANOTHER_RESOURCE', `The disk resource '${path}' is already being used by '${pathOfLink(user)}'`, [400, 'BAD REQUEST']);
      },
    }),
    { id: `compute.${family.service}.resize`, verb: 'POST', path: `${memberTemplate(family)}/resize`, body: resizeBody, effect: resizeEffect(family) },
    { id: `compute.${family.service}.update`, verb: 'PATCH', path: memberTemplate(family), query: ['paths', 'updateMask'], body: 'Disk', effect: updateEffect(family) },
    setLabelsMethod(family, labelsBody),
    snapshotMethodOf(family),
  ];
}

/** Links of the instances that have a disk. */
export function usersOf(disk: Resource | undefined): readonly string[] {
  return (disk?.['users'] as readonly string[] | undefined) ?? [];
}

/** A disk that an instance of a zone may attach: of that zone, or regional with a replica there. */
export function attachableDisk(call: Call, field: string, value: string, zone: string): Path {
  const path = parseReference(value, { field, project: call.project, collections: ['disks'] });
  const disk = call.cloud.resources.get(path);
  if (disk === undefined) throw notFound(path);
  const scope = scopeOf(path);
  const zones = scope.startsWith('zones/') ? [scope.slice('zones/'.length)] : ((disk['replicaZones'] as readonly string[] | undefined) ?? []).map(lastOf);
  if (!zones.includes(zone)) throw invalid(field, value, `The disk must be in the same zone as the instance, '${zone}'.`);
  return path;
}

export const diskMethods: readonly Method[] = [...methodsOf(disks, 'ZoneSetLabelsRequest', 'DisksResizeRequest'), ...methodsOf(regionDisks, 'RegionSetLabelsRequest', 'RegionDisksResizeRequest')];
