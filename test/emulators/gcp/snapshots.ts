import { forbidden, invalid, notFound, notReady, OperationError, required } from './api-error.ts';
import type { Cloud } from './cloud.ts';
import { bytesOf, newestOfFamily } from './disk-rules.ts';
import { deleteMethod, insertEffect, insertMethod, labelFields, memberPath, memberTemplate, readMethods, setLabelsMethod, type Creation, type Family } from './family.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { checkLabels } from './labels.ts';
import { parseReference, regionOf, type Path } from './links.ts';
import type { Call, Method } from './method.ts';

export const snapshots: Family = { service: 'snapshots', collection: 'snapshots', parameter: 'snapshot', scope: 'global', kind: 'compute#snapshot', noun: 'snapshot' };
export const images: Family = { service: 'images', collection: 'images', parameter: 'image', scope: 'global', kind: 'compute#image', noun: 'image' };

/** How many snapshots of one disk an hour may have. */
const hourly = 6;

function createSnapshot(call: Call, path: Path, disk: Resource): Creation {
  const { cloud, body } = call;
  const locations = body['storageLocations'] ?? [multiRegionOf(regionOf(path))];
  const fields = {
    sourceDisk: disk.selfLink,
    sourceDiskId: disk.id,
    diskSizeGb: disk['sizeGb'],
    storageLocations: locations,
    snapshotType: body['snapshotType'] ?? 'STANDARD',
    autoCreated: false,
    ...(body['snapshotEncryptionKey'] === undefined ? {} : { snapshotEncryptionKey: body['snapshotEncryptionKey'] }),
    ...(disk['architecture'] === undefined ? {} : { architecture: disk['architecture'] }),
    ...labelFields(checkLabels(body['labels'] ?? {}, 'resource.labels')),
  };
  const used = { storageBytes: bytesOf(Number(disk['sizeGb']) * 0.1), storageBytesStatus: 'UP_TO_DATE', downloadBytes: bytesOf(Number(disk['sizeGb']) * 0.1) };
  return { fields, status: ['CREATING', 'READY'], refusal: rateRefusal(cloud, path, disk), finish: (made) => cloud.change(made, (current) => ({ ...current, ...used })), slowness: 2 };
}

function rateRefusal(cloud: Cloud, path: Path, disk: Resource): OperationError | undefined {
  const since = cloud.clock.now() - 3_600_000;
  const recent = cloud.resources.everywhere('snapshots').filter((snapshot) => snapshot['sourceDiskId'] === disk.id && Date.parse(textOf(snapshot['creationTimestamp'])) > since);
  if (recent.length < hourly) return undefined;
  return new OperationError('RESOURCE_OPERATION_RATE_EXCEEDED', `Operation rate exceeded for resource '${path}'. Too frequent operations from the source resource.`, forbidden);
}

function multiRegionOf(region: string): string {
  return region.split('-')[0] ?? 'us';
}

/** createSnapshot of disks. */
export function snapshotMethodOf(family: Family): Method {
  return {
    id: `compute.${family.service}.createSnapshot`,
    verb: 'POST',
    path: `${memberTemplate(family)}/createSnapshot`,
    query: family.scope === 'zones' ? ['guestFlush'] : [],
    body: 'Snapshot',
    effect: (call) => {
      const path = memberPath(call, family);
      const effect = insertEffect(call, snapshots, createSnapshot(call, path, call.cloud.ready(path)));
      return { ...effect, operationType: 'createSnapshot', scope: `${family.scope}/${call.parameters[family.scope === 'zones' ? 'zone' : 'region'] ?? ''}`, target: path, targetId: call.cloud.ready(path).id };
    },
  };
}

function insertSnapshot(call: Call): Creation {
  const source = call.body['sourceDisk'];
  if (source === undefined) throw required('resource.sourceDisk');
  const path = parseReference(textOf(source), { field: 'resource.sourceDisk', project: call.project, collections: ['disks'] });
  return createSnapshot(call, path, call.cloud.ready(path));
}

function insertImage(call: Call): Creation {
  const { body } = call;
  const named = (['sourceDisk', 'sourceSnapshot', 'sourceImage'] as const).filter((name) => body[name] !== undefined);
  const [name, second] = named;
  if (name === undefined) throw invalid('resource', '', 'A source disk, snapshot, image or raw disk must be specified.');
  if (second !== undefined) throw invalid(`resource.${second}`, body[second], 'Only one source of an image can be specified.');
  const collections = { sourceDisk: ['disks'], sourceSnapshot: ['snapshots'], sourceImage: ['images'] }[name];
  const path = parseReference(textOf(body[name]), { field: `resource.${name}`, project: call.project, collections });
  const source = call.cloud.resources.get(path);
  if (source === undefined) throw notFound(path);
  if (source['status'] !== 'READY') throw notReady(path);
  if (name === 'sourceDisk' && source['users'] !== undefined && call.query.get('forceCreate') !== 'true') throw invalid('resource.sourceDisk', body[name], `The disk '${path}' is attached to a running instance; stop it or use forceCreate.`);
  return { fields: imageFields(body, name, source), status: ['PENDING', 'READY'], slowness: 3 };
}

function imageFields(body: Json, name: string, source: Resource): Json {
  const size = textOf(source['sizeGb'] ?? source['diskSizeGb']);
  return {
    sourceType: 'RAW',
    [name]: source.selfLink,
    [`${name}Id`]: source.id,
    diskSizeGb: size,
    archiveSizeBytes: bytesOf(Number(size) * 0.1),
    storageLocations: body['storageLocations'] ?? ['us'],
    ...(body['family'] === undefined ? {} : { family: body['family'] }),
    ...labelFields(checkLabels(body['labels'] ?? {}, 'resource.labels')),
  };
}

export const snapshotMethods: readonly Method[] = [
  ...readMethods(snapshots),
  insertMethod(snapshots, 'Snapshot', insertSnapshot),
  deleteMethod(snapshots),
  setLabelsMethod(snapshots, 'GlobalSetLabelsRequest'),
  ...readMethods(images),
  insertMethod(images, 'Image', insertImage, ['forceCreate']),
  deleteMethod(images),
  setLabelsMethod(images, 'GlobalSetLabelsRequest'),
  {
    id: 'compute.images.getFromFamily',
    verb: 'GET',
    path: 'global/images/family/{family}',
    handle: ({ cloud, project, parameters }) => newestOfFamily(cloud, `projects/${project}`, parameters['family'] ?? ''),
  },
];
