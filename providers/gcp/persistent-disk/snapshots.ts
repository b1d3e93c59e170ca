import type { protos } from '@google-cloud/compute';
import { ProviderError } from '#core/spi/errors.ts';
import type { OwnedStorage, Snapshot } from '#core/spi/volume-driver.ts';
import { clusterLabel, type GcpContext } from '#providers/gcp/context.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import { bytesOf } from './disk-request.ts';
import type { Disks } from './disks.ts';
import { foreign, isOurs, notOurs } from './existing-disk.ts';
import { handleOf, isMultiZone, isResourceName, isSameDisk, parseHandle, parseSnapshot, pathOf, snapshotId, type DiskPlace, type SnapshotPlace } from './handles.ts';
import type { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { Patience } from './patience.ts';
import { invalid, isMissing, quoted } from './refusal.ts';
import { parseSnapshotParameters, snapshotDescription, type SnapshotParameters } from './snapshot-parameters.ts';


type Raw = protos.google.cloud.compute.v1.ISnapshot & protos.google.cloud.compute.v1.IImage;

/** As Compute Engine has it. */
interface FoundSnapshot extends SnapshotPlace {
  readonly status: string;
  readonly sizeGb: number;
  /** Path of the disk. */
  readonly sourceDisk: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

/** Takes snapshots of disks, or images where the class says so. */
export class DiskSnapshots {
  readonly #context: GcpContext;
  readonly #disks: Disks;
  readonly #lock: KeyedLock;

  constructor(context: GcpContext, disks: Disks, lock: KeyedLock) {
    this.#context = context;
    this.#disks = disks;
    this.#lock = lock;
  }

  async create(name: string, volumeId: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Snapshot> {
    if (!isResourceName(name)) throw invalid(`a snapshot's name is at most 63 characters of a-z, 0-9 and "-", not ${quoted(name)}`);
    const parsed = parseSnapshotParameters(parameters);
    const said = parseHandle(volumeId);
    // Of a volume that is gone the snapshot may be there.
    const disk = (await this.#disks.resolve(volumeId, signal)) ?? said;
    if (disk === undefined || isMultiZone(disk)) throw new ProviderError('NotFound', `there is no disk ${quoted(volumeId)}`);
    const place: SnapshotPlace = { project: await this.#context.project(signal), kind: parsed.kind, name };
    return this.#lock.run(`snapshot ${name}`, signal, () => this.#make(place, disk, parsed, signal));
  }

  async find(id: string, signal: AbortSignal): Promise<Snapshot | undefined> {
    const place = parseSnapshot(id);
    const found = place === undefined ? undefined : await this.#get(place, signal);
    return found === undefined ? undefined : snapshotOf(found);
  }

  async delete(id: string, signal: AbortSignal): Promise<void> {
    const place = parseSnapshot(id);
    if (place === undefined) return;
    await this.#lock.run(`snapshot ${place.name}`, signal, () => this.#remove(place, signal));
  }

  async owned(project: string, filter: string, signal: AbortSignal): Promise<readonly OwnedStorage[]> {
    const request = { project, filter };
    const [[snapshots], [images]] = await Promise.all([
      this.#context.api.read('compute.snapshots.list', (client, options) => client.list(request, options), signal),
      this.#context.api.read('compute.images.list', (client, options) => client.list(request, options), signal),
    ]);
    const ownedOf = (kind: SnapshotPlace['kind']) => ({ name, creationTimestamp }: Raw): OwnedStorage => ({ kind: 'snapshot', id: snapshotId({ project, kind, name: name ?? '' }), name: name ?? '', createdAt: Date.parse(creationTimestamp ?? '') || 0 });
    return [...snapshots.map(ownedOf('snapshots')), ...images.map(ownedOf('images'))];
  }

  async #make(place: SnapshotPlace, sourceDisk: DiskPlace, parameters: SnapshotParameters, signal: AbortSignal): Promise<Snapshot> {
    for (const patience = new Patience(this.#context.clock); ; await patience.pause(signal)) {
      let failure: ProviderError | undefined;
      try {
        await this.#insert(place, handleOf(sourceDisk), parameters, signal);
      } catch (error) {
        signal.throwIfAborted();
        // A large disk takes longer than anybody waits for an operation, and the snapshot outlives it: what has become of it shows the snapshot itself.
        if (!ProviderError.is(error, 'AlreadyExists', 'Unknown', 'NotFound')) throw error;
        failure = error;
      }
      const found = await this.#get(place, signal);
      if (found !== undefined) return this.#checked(found, sourceDisk, signal);
      if (ProviderError.is(failure, 'Unknown', 'NotFound')) throw failure;
      if (patience.isOver) throw new ProviderError('Unavailable', `the name of ${snapshotId(place)} is taken, and nothing of that name can be seen`, { cause: failure });
    }
  }

  async #checked(found: FoundSnapshot, sourceDisk: DiskPlace, signal: AbortSignal): Promise<Snapshot> {
    const id = snapshotId(found);
    if (!isOurs(found, await this.#context.clusterId(signal))) throw foreign(id);
    if (!isSameDisk(parseHandle(found.sourceDisk), sourceDisk)) throw new ProviderError('AlreadyExists', `${id} is already there, of disk ${found.sourceDisk}, not of ${handleOf(sourceDisk)}`);
    if (found.status === 'FAILED') {
      await this.#remove(found, signal);
      throw new ProviderError('Unavailable', `${id} failed, and was deleted`);
    }
    return snapshotOf(found);
  }

  async #insert({ kind, project, name }: SnapshotPlace, sourceDisk: string, parameters: SnapshotParameters, signal: AbortSignal): Promise<void> {
    const { api, settings } = this.#context;
    const { storageLocation, family, resourceTags } = parameters;
    const body = {
      name, sourceDisk,
      description: snapshotDescription(parameters),
      labels: { ...settings.extraLabels, ...parameters.labels, [clusterLabel]: await this.#context.clusterId(signal) },
      ...(storageLocation === undefined ? {} : { storageLocations: [storageLocation] }),
      ...(Object.keys(resourceTags).length === 0 ? {} : { params: { resourceManagerTags: { ...resourceTags } } }),
    };
    if (kind === 'snapshots') return api.change('compute.snapshots.insert', 'global', (client, options, requestId) => client.insert({ project, snapshotResource: body, requestId }, options), signal);
    const imageResource = { ...body, ...(family === undefined ? {} : { family }) };
    return api.change('compute.images.insert', 'global', (client, options, requestId) => client.insert({ project, imageResource, forceCreate: true, requestId }, options), signal);
  }

  async #get(place: SnapshotPlace, signal: AbortSignal): Promise<FoundSnapshot | undefined> {
    const { kind, project, name } = place;
    const { api } = this.#context;
    try {
      const [found]: readonly [Raw, ...unknown[]] = kind === 'snapshots'
        ? await api.read('compute.snapshots.get', (client, options) => client.get({ project, snapshot: name }, options), signal)
        : await api.read('compute.images.get', (client, options) => client.get({ project, image: name }, options), signal);
      const { status, diskSizeGb, sourceDisk, labels, creationTimestamp } = found;
      return { ...place, status: status ?? '', sizeGb: Number(diskSizeGb ?? 0), sourceDisk: pathOf(sourceDisk ?? ''), labels: labels ?? {}, createdAt: Date.parse(creationTimestamp ?? '') || 0 };
    } catch (error) {
      if (isMissing(error, `${kind}/${name}`)) return undefined;
      throw error;
    }
  }

  async #remove(place: SnapshotPlace, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    const { kind, project, name } = place;
    const clusterId = await this.#context.clusterId(signal);
    for (const patience = new Patience(this.#context.clock); ; await patience.pause(signal)) {
      const found = await this.#get(place, signal);
      if (found === undefined) return;
      if (!isOurs(found, clusterId)) throw notOurs(snapshotId(place));
      try {
        if (kind === 'snapshots') await api.change('compute.snapshots.delete', 'global', (client, options, requestId) => client.delete({ project, snapshot: name, requestId }, options), signal);
        else await api.change('compute.images.delete', 'global', (client, options, requestId) => client.delete({ project, image: name, requestId }, options), signal);
        return;
      } catch (error) {
        if (ProviderError.is(error, 'NotFound')) return;
        // Somebody makes it, or deletes it already.
        if (!/resource_?not_?ready/i.test(gcpCode(error) ?? '') || patience.isOver) throw error;
      }
    }
  }
}

function snapshotOf(found: FoundSnapshot): Snapshot {
  return { id: snapshotId(found), sourceVolumeId: found.sourceDisk, size: bytesOf(found.sizeGb), createdAt: found.createdAt, ready: found.status === 'READY' };
}
