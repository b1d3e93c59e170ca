import type { protos } from '@google-cloud/compute';
import { ProviderError } from '#core/spi/errors.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { handleOf, lacksPlace, lacksProject, lastPart, parseHandle, pathOf, type DiskPlace } from './handles.ts';
import { isMissing } from './refusal.ts';

export type DiskBody = protos.google.cloud.compute.v1.IDisk;

/** A disk as Compute Engine has it. */
export interface FoundDisk extends DiskPlace {
  /** `CREATING`, `RESTORING`, `READY`, `FAILED`, `DELETING`, `UNAVAILABLE`. */
  readonly status: string;
  readonly sizeGb: number;
  readonly typeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
  /** Paths of the instances that have it. */
  readonly users: readonly string[];
  readonly replicaZones: readonly string[];
  readonly kmsKey: string | undefined;
  readonly isConfidential: boolean;
  readonly accessMode: string | undefined;
  readonly storagePool: string | undefined;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  /** Path of the snapshot, image or disk that it was filled from. */
  readonly source: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Disks of zones and of regions, by the same words. */
export class Disks {
  readonly #context: GcpContext;

  constructor(context: GcpContext) {
    this.#context = context;
  }

  /** What there is at this moment. */
  async get(place: DiskPlace, signal: AbortSignal): Promise<FoundDisk | undefined> {
    const { project, kind, place: where, name: disk } = place;
    const { api } = this.#context;
    try {
      const [found] = kind === 'zones'
        ? await api.read('compute.disks.get', (client, options) => client.get({ project, zone: where, disk }, options), signal)
        : await api.read('compute.regionDisks.get', (client, options) => client.get({ project, region: where, disk }, options), signal);
      return foundDisk(place, found);
    } catch (error) {
      if (isMissing(error, `disks/${disk}`)) return undefined;
      throw error;
    }
  }

  /** What a filter finds in all zones and regions of the project; a moment late. */
  async list(project: string, filter: string, signal: AbortSignal): Promise<readonly FoundDisk[]> {
    return this.#context.api.read('compute.disks.aggregatedList', async (client, options) => {
      const found: FoundDisk[] = [];
      for await (const [, { disks }] of client.aggregatedListAsync({ project, filter, returnPartialSuccess: true }, { ...options, autoPaginate: false })) {
        for (const disk of disks ?? []) {
          const place = parseHandle(pathOf(disk.selfLink ?? ''));
          if (place !== undefined) found.push(foundDisk(place, disk));
        }
      }
      return found;
    }, signal);
  }

  insert({ project, kind, place }: DiskPlace, diskResource: DiskBody, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    if (kind === 'zones') return api.change('compute.disks.insert', { zone: place }, (client, options, requestId) => client.insert({ project, zone: place, diskResource, requestId }, options), signal);
    return api.change('compute.regionDisks.insert', { region: place }, (client, options, requestId) => client.insert({ project, region: place, diskResource, requestId }, options), signal);
  }

  delete({ project, kind, place, name: disk }: DiskPlace, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    if (kind === 'zones') return api.change('compute.disks.delete', { zone: place }, (client, options, requestId) => client.delete({ project, zone: place, disk, requestId }, options), signal);
    return api.change('compute.regionDisks.delete', { region: place }, (client, options, requestId) => client.delete({ project, region: place, disk, requestId }, options), signal);
  }

  resize({ project, kind, place, name: disk }: DiskPlace, sizeGb: number, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    if (kind === 'zones') return api.change('compute.disks.resize', { zone: place }, (client, options, requestId) => client.resize({ project, zone: place, disk, disksResizeRequestResource: { sizeGb }, requestId }, options), signal);
    return api.change('compute.regionDisks.resize', { region: place }, (client, options, requestId) => client.resize({ project, region: place, disk, regionDisksResizeRequestResource: { sizeGb }, requestId }, options), signal);
  }

  /** Changes the fields that the body has. */
  update({ project, kind, place, name: disk }: DiskPlace, diskResource: DiskBody, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    const updateMask = Object.keys(diskResource).join(',');
    if (kind === 'zones') return api.change('compute.disks.update', { zone: place }, (client, options, requestId) => client.update({ project, zone: place, disk, diskResource, updateMask, requestId }, options), signal);
    return api.change('compute.regionDisks.update', { region: place }, (client, options, requestId) => client.update({ project, region: place, disk, diskResource, updateMask, requestId }, options), signal);
  }

  /** The disk that a handle means, also one that leaves out project, zone or region; undefined when there is none, or no handle was given. */
  async resolve(handle: string, signal: AbortSignal): Promise<DiskPlace | undefined> {
    const said = parseHandle(handle);
    if (said === undefined) return undefined;
    const disk = lacksProject(said) ? { ...said, project: await this.#context.project(signal) } : said;
    if (!lacksPlace(disk)) return disk;
    const [found, second] = await this.inRegion(disk, signal);
    if (second !== undefined) throw new ProviderError('Invalid', `${handle} could be ${handleOf(second)} as well as ${handleOf(found ?? second)}`);
    return found;
  }

  /** Every disk of a name in the zones of the cluster's region, and regional ones when asked for. */
  async inRegion({ project, kind, name }: Omit<DiskPlace, 'place'>, signal: AbortSignal): Promise<readonly FoundDisk[]> {
    const places = kind === 'zones' ? await this.#context.zones(signal) : [await this.#context.region(signal)];
    const found = await Promise.all(places.map((place) => this.get({ project, kind, place, name }, signal)));
    return found.filter((disk) => disk !== undefined);
  }
}

function foundDisk(place: DiskPlace, disk: DiskBody): FoundDisk {
  const source = [disk.sourceSnapshot, disk.sourceImage, disk.sourceDisk].find((link) => text(link) !== undefined);
  return {
    project: place.project, kind: place.kind, place: place.place, name: place.name,
    status: disk.status ?? '',
    sizeGb: Number(disk.sizeGb ?? 0),
    typeName: lastPart(disk.type ?? ''),
    labels: disk.labels ?? {},
    description: disk.description ?? '',
    users: (disk.users ?? []).map(pathOf),
    replicaZones: (disk.replicaZones ?? []).map(lastPart),
    kmsKey: text(disk.diskEncryptionKey?.kmsKeyName),
    isConfidential: disk.enableConfidentialCompute === true,
    accessMode: text(disk.accessMode),
    storagePool: text(disk.storagePool),
    iops: amount(disk.provisionedIops),
    throughput: amount(disk.provisionedThroughput),
    source: typeof source === 'string' ? pathOf(source) : undefined,
    createdAt: Date.parse(disk.creationTimestamp ?? '') || 0,
  };
}

const text = (value: string | null | undefined): string | undefined => (value === null || value === '' ? undefined : value);
const amount = (value: DiskBody['provisionedIops']): number | undefined => (value === null || value === undefined || Number(value) === 0 ? undefined : Number(value));
