import type { Clock } from '#core/kernel/clock.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { AvailableCapacity, CapacityRange, CapacityReporter, CreateVolumeRequest, ParameterChecker, TopologySegment, Volume, VolumeDriver, VolumeExpander, VolumeFinder } from '#core/spi/volume-driver.ts';
import { classify, quoted } from '#plugins/volumes/block-device/block-device.module.ts';
import type { Kernel } from './kernel-state.ts';
import { holderOf } from './kernel-state.ts';
import type { Machine } from './machine.ts';
import { HOSTNAME, parseParameters } from './parameters.ts';
import type { StoredVolume } from './pool.ts';
import type { LocalPools } from './pools.ts';
import type { VolumeRecord } from './record.ts';
import { isVolumeName } from './safe-paths.ts';
import { capacityWithin, checkRequest, checkSame, isReachable } from './volume-request.ts';

export const DRIVER_NAME = 'local.keelson.dev';

export interface LocalVolumeDriverParts {
  readonly pools: LocalPools;
  readonly kernel: Kernel;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly nodeName: string;
  /** All nodes of this machine, which share its disks; only `nodeName` by default. */
  readonly nodeNames?: readonly string[] | undefined;
}

/** Volumes on this machine's disk. A volume's id is its name. */
export class LocalVolumeDriver implements VolumeDriver, VolumeFinder, VolumeExpander, CapacityReporter, ParameterChecker {
  readonly name = DRIVER_NAME;
  readonly aliases: readonly string[] = ['rancher.io/local-path'];
  readonly #pools: LocalPools;
  readonly #kernel: Kernel;
  readonly #machine: Machine;
  readonly #clock: Clock;
  readonly #places: readonly TopologySegment[];

  constructor({ pools, kernel, machine, clock, nodeName, nodeNames = [nodeName] }: LocalVolumeDriverParts) {
    this.#pools = pools;
    this.#kernel = kernel;
    this.#machine = machine;
    this.#clock = clock;
    this.#places = nodeNames.map((name) => ({ [HOSTNAME]: name }));
  }

  async create(request: CreateVolumeRequest, signal: AbortSignal): Promise<Volume> {
    signal.throwIfAborted();
    if (request.provisioner !== this.name && !this.aliases.includes(request.provisioner)) throw new ProviderError('Invalid', `this driver does not answer to the provisioner ${quoted(request.provisioner)}`);
    const { capacity, enforced, nodePath } = checkRequest(request);
    const pool = this.#pools.of(nodePath);
    return this.#exclusive(request.name, signal, `making volume ${request.name}`, async () => {
      const found = await this.#pools.find(request.name).catch(asAlreadyThere);
      if (found !== undefined) {
        checkSame(found.record, request);
        await found.pool.settle();
        return this.#volume(found.record);
      }
      if (!this.#places.some((place) => isReachable(request, place))) throw new ProviderError('Exhausted', `volume ${request.name} is wanted elsewhere: this machine is ${this.#places.map((place) => place[HOSTNAME]).join(', ')}`);
      if (enforced) await this.#checkMachine();
      const { name, owner, parameters, use: { volumeMode } } = request;
      const record: VolumeRecord = { name, owner, capacity, enforced, volumeMode, parameters, created: rfc3339(this.#clock.now()) };
      await pool.create(record, signal);
      return this.#volume(record);
    });
  }

  async delete(id: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isVolumeName(id)) return;
    await this.#exclusive(id, signal, `deleting volume ${id}`, async () => {
      const found = await this.#pools.find(id);
      if (found === undefined) return;
      await this.#checkUnused(found);
      await found.pool.remove(found);
    });
  }

  async find(name: string, signal: AbortSignal): Promise<Volume | undefined> {
    signal.throwIfAborted();
    if (!isVolumeName(name)) return undefined;
    return this.#exclusive(name, signal, `looking for volume ${name}`, async () => {
      const found = await this.#pools.find(name);
      return found === undefined ? undefined : this.#volume(found.record);
    });
  }

  async expand(id: string, range: CapacityRange, signal: AbortSignal): ReturnType<VolumeExpander['expand']> {
    signal.throwIfAborted();
    if (!isVolumeName(id)) throw missing(id);
    return this.#exclusive(id, signal, `growing volume ${id}`, async () => {
      const found = await this.#pools.find(id);
      if (found === undefined) throw missing(id);
      const { record, pool } = found;
      const { capacity } = record.capacity >= range.required ? record : await pool.grow(found, capacityWithin(range));
      return { capacity, nodeExpansionRequired: record.enforced };
    });
  }

  async capacity(parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<readonly AvailableCapacity[]> {
    signal.throwIfAborted();
    const { enforced, nodePath } = parseParameters(parameters);
    const pool = this.#pools.of(nodePath);
    try {
      const able = !enforced || (await this.#machine.enforceLack()) === undefined;
      const available = able ? await pool.available() : 0n;
      return this.#places.map((topology) => ({ topology, available }));
    } catch (error) {
      throw classify(error, 'measuring the free capacity');
    }
  }

  onCapacityChange(changed: () => void): () => void {
    return this.#pools.onSpaceChange(changed);
  }

  checkParameters(parameters: Readonly<Record<string, string>>): void {
    this.#pools.of(parseParameters(parameters).nodePath);
  }

  async #exclusive<T>(name: string, signal: AbortSignal, doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#pools.exclusive(name, signal, work);
    } catch (error) {
      throw classify(error, doing);
    }
  }

  async #checkMachine(): Promise<void> {
    const lack = await this.#machine.enforceLack();
    if (lack === undefined) return;
    throw new ProviderError('Invalid', `this machine cannot enforce the capacity of volumes: ${lack.reason} (${lack.remedy}). ` +
      'With the class parameter enforceCapacity: "false" volumes are plain folders without a limit.');
  }

  async #checkUnused(volume: StoredVolume): Promise<void> {
    const holder = holderOf(volume, await this.#kernel.state());
    if (holder !== undefined) throw new ProviderError('Unavailable', `volume ${volume.record.name} is in use: ${holder}`);
  }

  #volume(record: VolumeRecord): Volume {
    return { id: record.name, capacity: record.capacity, context: { capacityEnforced: String(record.enforced) }, topology: this.#places };
  }
}

const missing = (id: string): ProviderError => new ProviderError('NotFound', `there is no volume ${quoted(id)} on this machine`);

function asAlreadyThere(error: unknown): never {
  throw ProviderError.is(error, 'Invalid') ? new ProviderError('AlreadyExists', error.message, { cause: error }) : error;
}
