import { invalid, notFound, notReady, type ApiError } from './api-error.ts';
import { diskTypes, type DiskType } from './catalog.ts';
import type { Cloud } from './cloud.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { lastOf, linkOf, parseReference, projectOf, scopeOf, type Path } from './links.ts';

const gigabyte = 2 ** 30;

/** Where a disk is, and what its errors call its body. */
interface Place {
  readonly cloud: Cloud;
  readonly project: string;
  /** `zones/z` or `regions/r`. */
  readonly scope: string;
  /** `resource`, or `resource.disks[0].initializeParams`. */
  readonly field: string;
}

/** A type of disk that a body names, as the place has it. */
export function diskTypeOf({ project, scope, field }: Place, value: unknown): { readonly type: DiskType; readonly link: string } {
  const path = value === undefined || value === '' ? `projects/${project}/${scope}/diskTypes/pd-standard` : parseReference(textOf(value), { field: `${field}.type`, project, collections: ['diskTypes'], bareIn: scope });
  const type = diskTypes.get(lastOf(path));
  if (type === undefined || (scope.startsWith('regions/') && type.regional === undefined)) throw notFound(`projects/${project}/${scope}/diskTypes/${lastOf(path)}`);
  if (scopeOf(path) !== scope) throw invalid(`${field}.type`, value, `The disk type must be in ${scope}.`);
  return { type, link: linkOf(`projects/${project}/${scope}/diskTypes/${type.name}`) };
}

/** What a disk is made from, and how large that is in GB. */
export interface DiskSource {
  readonly fields: Json;
  readonly sizeGb: number;
}

/** At most one source is named: an image, a snapshot or a disk, each of which must be ready. */
export function diskSource(place: Place, { image, snapshot, disk }: { readonly image?: unknown; readonly snapshot?: unknown; readonly disk?: unknown }): DiskSource | undefined {
  const named = [image, snapshot, disk].filter((each) => each !== undefined && each !== '');
  if (named.length > 1) throw invalid(`${place.field}.sourceSnapshot`, named[1], 'Only one source of a disk can be specified.');
  if (image !== undefined && image !== '') return imageSource(place, textOf(image));
  if (snapshot !== undefined && snapshot !== '') return sourceOf(place, 'sourceSnapshot', textOf(snapshot), ['snapshots'], 'diskSizeGb', 'READY');
  if (disk !== undefined && disk !== '') return sourceOf(place, 'sourceDisk', textOf(disk), ['disks'], 'sizeGb', 'READY');
  return undefined;
}

function sourceOf({ cloud, project, field }: Place, name: string, value: string, collections: readonly string[], size: string, ready: string): DiskSource {
  const path = parseReference(value, { field: `${field}.${name}`, project, collections });
  const source = cloud.resources.get(path);
  if (source === undefined) throw notFound(path);
  if (source['status'] !== ready || cloud.deleting.has(path)) throw notReady(path);
  return { fields: { [name]: source.selfLink, [`${name}Id`]: source.id }, sizeGb: Number(source[size]) };
}

function imageSource(place: Place, value: string): DiskSource {
  const path = parseReference(value, { field: `${place.field}.sourceImage`, project: place.project, collections: ['images', 'imageFamilyViews'] });
  const family = /\/(?:images\/family|imageFamilyViews)\/([^/]+)$/.exec(value)?.[1];
  if (family === undefined) return sourceOf(place, 'sourceImage', path, ['images'], 'diskSizeGb', 'READY');
  const image = newestOfFamily(place.cloud, `projects/${projectOf(path)}`, family);
  return sourceOf(place, 'sourceImage', image.selfLink, ['images'], 'diskSizeGb', 'READY');
}

export function newestOfFamily(cloud: Cloud, project: Path, family: string): Resource {
  const found = cloud.resources.in(`${project}/global/images`).filter((image) => image['family'] === family && image['status'] === 'READY');
  const newest = found.toSorted((left, right) => textOf(right['creationTimestamp']).localeCompare(textOf(left['creationTimestamp'])))[0];
  if (newest === undefined) throw notFound(`${project}/global/images/family/${family}`);
  return newest;
}

/** The size that a disk gets, in GB. */
export function diskSize({ scope, field }: Place, type: DiskType, asked: unknown, source: DiskSource | undefined, sizeField = 'sizeGb'): number {
  const name = `${field}.${sizeField}`;
  if (asked === undefined) return Math.max(source?.sizeGb ?? type.usual, scope.startsWith('regions/') ? (type.regional ?? 0) : 0);
  const size = Number(asked);
  checkSize(name, type, size, scope.startsWith('regions/'));
  if (source !== undefined && size < source.sizeGb) throw invalid(name, asked, `Requested disk size cannot be smaller than the ${'sourceImage' in source.fields ? 'image' : 'snapshot'} size (${source.sizeGb} GB)`);
  return size;
}

export function checkSize(name: string, type: DiskType, size: number, regional: boolean): void {
  const smallest = regional ? (type.regional ?? type.smallest) : type.smallest;
  if (!(size >= smallest)) throw invalid(name, textOf(size), `Disk size cannot be smaller than ${smallest} GB.`);
  if (size > type.largest) throw invalid(name, textOf(size), `Disk size cannot be larger than ${type.largest} GB.`);
}

/** What is provisioned beside the size: what was asked for, or what the vendor gives by size. */
export function provisioning(field: string, type: DiskType, size: number, asked: { readonly iops?: unknown; readonly throughput?: unknown }): Json {
  const fields: Json = {};
  for (const [kind, name] of [['iops', 'provisionedIops'], ['throughput', 'provisionedThroughput']] as const) {
    const value = asked[kind];
    if (!type.provisions.includes(kind)) {
      if (value !== undefined && Number(value) !== 0) throw notProvisioned(`${field}.${name}`, value, type);
      continue;
    }
    const usual = kind === 'iops' ? Math.min(3_000, 500 * size) : 140;
    fields[name] = textOf(value === undefined || Number(value) === 0 ? usual : checkProvisioned(`${field}.${name}`, type, size, kind, Number(value)));
  }
  return fields;
}

/** IOPS for each GB, and the most of each, by type. */
const most: Readonly<Record<string, { readonly perGb: number; readonly iops: number; readonly throughput: number }>> = {
  'pd-extreme': { perGb: 120, iops: 120_000, throughput: 0 },
  'hyperdisk-balanced': { perGb: 500, iops: 160_000, throughput: 2_400 },
  'hyperdisk-balanced-high-availability': { perGb: 500, iops: 100_000, throughput: 1_200 },
  'hyperdisk-extreme': { perGb: 1_000, iops: 350_000, throughput: 0 },
  'hyperdisk-ml': { perGb: 0, iops: 0, throughput: 1_200_000 },
  'hyperdisk-throughput': { perGb: 0, iops: 0, throughput: 600 },
};

export function checkProvisioned(name: string, type: DiskType, size: number, kind: 'iops' | 'throughput', value: number): number {
  const limit = most[type.name];
  const largest = kind === 'iops' ? Math.min(limit?.iops ?? 0, (limit?.perGb ?? 0) * size) : (limit?.throughput ?? 0);
  const what = kind === 'iops' ? 'IOPS' : 'throughput';
  if (value < 1) throw invalid(name, textOf(value), `Requested provisioned ${what} cannot be smaller than 1.`);
  if (value > largest) throw invalid(name, textOf(value), `Requested provisioned ${what} cannot be larger than ${largest}.`);
  return value;
}

export function notProvisioned(name: string, value: unknown, type: DiskType): ApiError {
  return invalid(name, value, `${name.endsWith('Iops') ? 'Provisioned IOPS' : 'Provisioned throughput'} cannot be specified for disk type ${type.name}.`);
}

export function bytesOf(gigabytes: number): string {
  return textOf(gigabytes * gigabyte);
}
