import type { CapacityRange, CreateVolumeRequest, Volume, VolumeUse } from '#core/spi/volume-driver.ts';
import { smallestOf, type DiskAccessMode } from './disk-types.ts';
import type { DiskBody } from './disks.ts';
import { handleOf, type DiskPlace } from './handles.ts';
import type { DiskParameters } from './parameters.ts';
import { zoneKey, type Placement } from './placement.ts';
import { invalid } from './refusal.ts';

const gibi = 2n ** 30n;
export const driverName = 'pd.csi.storage.gke.io';
/** In the description of a disk that may be taken from a machine that has it. */
export const forcedMark = { 'keelson.dev/availability-class': 'regional-hard-failover' } as const;

/** All that decides what disk is made. */
export interface DiskRequest {
  readonly place: DiskPlace;
  readonly replicaZones: readonly string[];
  readonly parameters: DiskParameters;
  readonly accessMode: DiskAccessMode | undefined;
  readonly sizeGb: number;
  readonly capacity: CapacityRange;
  /** Path of the snapshot, image or disk that it is filled from. */
  readonly source: string | undefined;
}

export const bytesOf = (sizeGb: number): bigint => BigInt(sizeGb) * gibi;

/** The least size in GiB. @throws {ProviderError} Invalid */
export function sizeWithin({ required, limit }: CapacityRange, { typeName, type, isRegional }: Pick<DiskParameters, 'typeName' | 'type' | 'isRegional'>): number {
  if (required < 0n) throw invalid(`a disk cannot have ${required} bytes`);
  if (limit !== undefined && limit < required) throw invalid(`${required} bytes are required, and the limit is ${limit}`);
  const rounded = (required + gibi - 1n) / gibi;
  const smallest = BigInt(smallestOf(type, isRegional));
  const size = rounded < smallest ? smallest : rounded;
  if (size > BigInt(type.largest)) throw invalid(`disks of type ${typeName} have at most ${type.largest} GiB, and ${required} bytes are asked for`);
  if (limit !== undefined && size * gibi > limit) throw invalid(`disks of type ${typeName} have whole GiB and at least ${smallest} of them; the least for ${required} bytes is ${size} GiB, over the limit of ${limit} bytes`);
  return Number(size);
}

/** How the disk must be attachable for this use; undefined for the usual, one machine at a time. @throws {ProviderError} Invalid */
export function accessModeFor(use: VolumeUse, parameters: DiskParameters, hasSource: boolean): DiskAccessMode | undefined {
  const { typeName, type, accessMode } = parameters;
  if (use.accessModes.includes('ReadWriteMany')) {
    if (use.volumeMode !== 'Block') throw invalid('access mode ReadWriteMany is possible with volumeMode Block only: two machines that write to one file system destroy it');
    return needed('READ_WRITE_MANY', parameters, 'ReadWriteMany');
  }
  const isReadOnly = use.accessModes.length > 0 && use.accessModes.every((mode) => mode === 'ReadOnlyMany');
  if (!isReadOnly) return accessMode;
  if (!hasSource) throw invalid('access mode ReadOnlyMany needs a source, a snapshot or a volume: nobody could ever write to the disk');
  if (type.accessModes === undefined) return accessMode;
  if (!type.accessModes.includes('READ_ONLY_MANY')) throw invalid(`access mode ReadOnlyMany is not possible with disks of type ${typeName}`);
  return needed('READ_ONLY_MANY', parameters, 'ReadOnlyMany');
}

function needed(mode: DiskAccessMode, { typeName, type, accessMode }: DiskParameters, wanted: string): DiskAccessMode {
  if (type.accessModes?.includes(mode) !== true) throw invalid(`access mode ${wanted} is not possible with disks of type ${typeName}`);
  if (accessMode !== undefined && accessMode !== mode) throw invalid(`access mode ${wanted} needs a disk that is ${mode}, and parameter "access-mode" says ${accessMode}`);
  return mode;
}

/** What is sent. */
export function bodyOf(request: DiskRequest, owner: CreateVolumeRequest['owner'], labels: Readonly<Record<string, string>>): DiskBody {
  const { place, replicaZones, parameters, accessMode, sizeGb, source } = request;
  const { project, kind, name } = place;
  const { typeName, kmsKey, iops, throughput, isConfidential, storagePools, resourceTags } = parameters;
  const pool = storagePools.find(({ zone }) => zone === place.place);
  return {
    name,
    sizeGb,
    type: `projects/${project}/${kind}/${place.place}/diskTypes/${typeName}`,
    description: descriptionOf(request, owner),
    labels: { ...labels },
    ...(kind === 'regions' ? { replicaZones: replicaZones.map((zone) => `projects/${project}/zones/${zone}`) } : {}),
    ...optional('diskEncryptionKey', kmsKey === undefined ? undefined : { kmsKeyName: kmsKey }),
    ...optional('provisionedIops', iops),
    ...optional('provisionedThroughput', throughput),
    ...optional('enableConfidentialCompute', isConfidential ? true : undefined),
    ...optional('storagePool', pool?.path),
    ...optional('accessMode', accessMode),
    ...optional('params', Object.keys(resourceTags).length === 0 ? undefined : { resourceManagerTags: { ...resourceTags } }),
    ...(source === undefined ? {} : { [sourceField(source)]: source }),
  };
}

const optional = <Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } => (value === undefined ? {} : { [key]: value } as { [K in Key]?: Value });

function sourceField(path: string): 'sourceSnapshot' | 'sourceImage' | 'sourceDisk' {
  if (path.includes('/global/snapshots/')) return 'sourceSnapshot';
  return path.includes('/global/images/') ? 'sourceImage' : 'sourceDisk';
}

function descriptionOf({ place, parameters }: DiskRequest, { namespace, name }: CreateVolumeRequest['owner']): string {
  return JSON.stringify({
    'kubernetes.io/created-for/pv/name': place.name,
    'kubernetes.io/created-for/pvc/name': name,
    'kubernetes.io/created-for/pvc/namespace': namespace,
    'storage.gke.io/created-by': driverName,
    ...(parameters.isForced ? forcedMark : {}),
  });
}

export function volumeOf(place: DiskPlace, sizeGb: number, replicaZones: readonly string[]): Volume {
  const zones = place.kind === 'zones' ? [place.place] : replicaZones;
  return { id: handleOf(place), capacity: bytesOf(sizeGb), context: {}, topology: zones.toSorted().map((zone) => ({ [zoneKey]: zone })) };
}

export const diskPlaceOf = (project: string, { kind, place }: Placement, name: string): DiskPlace => ({ project, kind, place, name });
