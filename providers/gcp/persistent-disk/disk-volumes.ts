import { ProviderError } from '#core/spi/errors.ts';
import type { CreateVolumeRequest, Volume } from '#core/spi/volume-driver.ts';
import { clusterLabel, type GcpContext } from '#providers/gcp/context.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import { accessModeFor, bodyOf, sizeWithin, volumeOf, type DiskRequest } from './disk-request.ts';
import type { Disks, FoundDisk } from './disks.ts';
import { Doubts } from './doubts.ts';
import { checkSame, foreign, isOurs, notOurs } from './existing-disk.ts';
import { handleOf, isMultiZone, isResourceName, lacksPlace, parseHandle, parseSnapshot, snapshotId, type DiskPlace } from './handles.ts';
import type { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { parseParameters, type DiskParameters } from './parameters.ts';
import { Patience } from './patience.ts';
import { placementOf } from './placement.ts';
import { invalid, quoted } from './refusal.ts';


interface Source {
  /** As it is sent. */
  readonly path: string | undefined;
  /** Of a disk in one zone. */
  readonly zone: string | undefined;
}

/** Makes, deletes and finds disks. A disk's name is its volume's; the label tells whose it is. */
export class DiskVolumes {
  readonly #context: GcpContext;
  readonly #disks: Disks;
  readonly #lock: KeyedLock;
  readonly #doubts: Doubts<'insert' | 'delete'>;

  constructor(context: GcpContext, disks: Disks, lock: KeyedLock) {
    this.#context = context;
    this.#disks = disks;
    this.#lock = lock;
    this.#doubts = new Doubts(context.clock);
  }

  async create(request: CreateVolumeRequest, signal: AbortSignal): Promise<Volume> {
    const { name, owner, use, capacity } = request;
    if (!isResourceName(name)) throw invalid(`a disk's name is at most 63 characters of a-z, 0-9 and "-", not ${quoted(name)}`);
    const parameters = parseParameters(request.parameters, request.mutableParameters);
    const accessMode = accessModeFor(use, parameters, request.source !== undefined);
    const sizeGb = sizeWithin(capacity, parameters);
    const source = await this.#sourceOf(request.source, signal);
    const [place, replicaZones] = await this.#place(request, parameters, source.zone, signal);
    const labels = { ...this.#context.settings.extraLabels, ...parameters.labels, [clusterLabel]: await this.#context.clusterId(signal) };
    const wanted: DiskRequest = { place, replicaZones, parameters, accessMode, sizeGb, capacity, source: source.path };
    return this.#lock.run(name, signal, () => this.#make(wanted, bodyOf(wanted, owner, labels), signal));
  }

  async delete(id: string, signal: AbortSignal): Promise<void> {
    const said = parseHandle(id);
    if (said === undefined || isMultiZone(said)) return;
    await this.#lock.run(said.name, signal, async () => {
      const place = await this.#disks.resolve(id, signal);
      if (place !== undefined) await this.#remove(place, signal);
    });
  }

  async find(name: string, signal: AbortSignal): Promise<Volume | undefined> {
    if (!isResourceName(name)) return undefined;
    return this.#lock.run(name, signal, async () => {
      const place = await this.#look(name, signal);
      const disk = place === undefined ? undefined : await this.#atRest(place, signal);
      return disk === undefined ? undefined : volumeOf(disk, disk.sizeGb, disk.replicaZones);
    });
  }

  async #place({ name, topology }: CreateVolumeRequest, parameters: DiskParameters, sourceZone: string | undefined, signal: AbortSignal): Promise<readonly [DiskPlace, readonly string[]]> {
    const needsZones = parameters.isRegional || (topology === undefined && this.#context.settings.zone === undefined);
    const zones = needsZones ? await this.#context.zones(signal) : [];
    const placement = placementOf({ name, topology, parameters, sourceZone, usualZone: this.#context.settings.zone, zones });
    const { kind, place } = placement;
    return [{ project: await this.#context.project(signal), kind, place, name }, placement.kind === 'regions' ? placement.replicaZones : []];
  }

  /** @throws {ProviderError} NotFound */
  async #sourceOf(source: CreateVolumeRequest['source'], signal: AbortSignal): Promise<Source> {
    if (source === undefined) return { path: undefined, zone: undefined };
    if (source.kind === 'snapshot') {
      const snapshot = parseSnapshot(source.id);
      if (snapshot === undefined) throw new ProviderError('NotFound', `there is no snapshot ${quoted(source.id)}`);
      return { path: snapshotId(snapshot), zone: undefined };
    }
    const said = parseHandle(source.id);
    const disk = said !== undefined && lacksPlace(said) ? await this.#disks.resolve(source.id, signal) : said;
    if (disk === undefined || isMultiZone(disk)) throw new ProviderError('NotFound', `there is no volume ${quoted(source.id)} to copy`);
    return { path: handleOf(disk), zone: disk.kind === 'zones' ? disk.place : undefined };
  }

  /** Asks first, and looks only when the name is taken: mostly nothing is there. */
  async #make(request: DiskRequest, body: ReturnType<typeof bodyOf>, signal: AbortSignal): Promise<Volume> {
    const { place, sizeGb, replicaZones } = request;
    // What is on its way out would be taken for what was asked for.
    if (this.#doubts.has(place.name, 'delete')) await this.#remove(place, signal);
    for (const patience = new Patience(this.#context.clock); ; await patience.pause(signal)) {
      try {
        await this.#doubts.during(place.name, 'insert', () => this.#disks.insert(place, body, signal));
        return volumeOf(place, sizeGb, replicaZones);
      } catch (error) {
        if (!ProviderError.is(error, 'AlreadyExists')) throw insertFailure(error, request);
        const found = await this.#atRest(place, signal);
        if (found !== undefined) {
          this.#doubts.end(place.name);
          checkSame(found, request);
          return volumeOf(found, found.sizeGb, found.replicaZones);
        }
        if (patience.isOver) throw new ProviderError('Unavailable', `the name of disk ${handleOf(place)} is taken, and no disk of that name can be seen`, { cause: error });
      }
    }
  }

  /**
   * The cluster's disk when nobody is making or deleting it any more; undefined when there is none.
   * @throws {ProviderError} AlreadyExists for somebody else's, Unavailable where it takes too long
   */
  async #atRest(place: DiskPlace, signal: AbortSignal): Promise<FoundDisk | undefined> {
    const clusterId = await this.#context.clusterId(signal);
    for (const patience = new Patience(this.#context.clock); ; await patience.pause(signal)) {
      const disk = await this.#disks.get(place, signal);
      if (disk === undefined) return undefined;
      if (!isOurs(disk, clusterId)) throw foreign(handleOf(place));
      if (disk.status === 'READY') return disk;
      if (disk.status === 'FAILED') {
        await this.#remove(place, signal);
        return undefined;
      }
      if (patience.isOver) throw new ProviderError('Unavailable', `disk ${handleOf(place)} is ${disk.status} still`);
    }
  }

  async #remove(place: DiskPlace, signal: AbortSignal): Promise<void> {
    const clusterId = await this.#context.clusterId(signal);
    for (const patience = new Patience(this.#context.clock); ; await patience.pause(signal)) {
      const disk = await this.#disks.get(place, signal);
      if (disk === undefined) return this.#doubts.end(place.name);
      if (!isOurs(disk, clusterId)) throw notOurs(handleOf(place));
      const [user] = disk.users;
      if (user !== undefined) throw new ProviderError('Unavailable', `disk ${handleOf(place)} is attached to ${user}`);
      try {
        return await this.#doubts.during(place.name, 'delete', () => this.#disks.delete(place, signal));
      } catch (error) {
        if (ProviderError.is(error, 'NotFound')) return this.#doubts.end(place.name);
        // Somebody makes it, or deletes it already.
        if (!/resource_?not_?ready/i.test(gcpCode(error) ?? '') || patience.isOver) throw error;
      }
    }
  }

  /** Lists are late, so that only a look at each place tells that there is nothing. */
  async #look(name: string, signal: AbortSignal): Promise<DiskPlace | undefined> {
    const project = await this.#context.project(signal);
    const clusterId = await this.#context.clusterId(signal);
    const ours = (disks: readonly FoundDisk[]): FoundDisk | undefined => disks.find((disk) => disk.name === name && isOurs(disk, clusterId));
    await this.#doubts.settled(name, signal);
    const listed = ours(await this.#disks.list(project, `name = "${name}"`, signal));
    if (listed !== undefined) return listed;
    const [zonal, regional] = await Promise.all((['zones', 'regions'] as const).map((kind) => this.#disks.inRegion({ project, kind, name }, signal)));
    return ours([...(zonal ?? []), ...(regional ?? [])]);
  }
}

/** What is missing is not what was asked for but what it is to be made from, or in. */
function insertFailure(error: unknown, { place, parameters: { typeName }, source }: DiskRequest): unknown {
  if (!ProviderError.is(error, 'NotFound') || (source !== undefined && error.message.includes(source))) return error;
  if (error.message.includes('/diskTypes/')) return new ProviderError('Exhausted', `there are no disks of type ${typeName} in ${place.place}: ${error.message}`, { cause: error });
  return new ProviderError('Invalid', `disk ${handleOf(place)} cannot be made: ${error.message}`, { cause: error });
}
