import { ProviderError } from '#core/spi/errors.ts';
import type { CapacityRange } from '#core/spi/volume-driver.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import { bytesOf, sizeWithin } from './disk-request.ts';
import { diskTypeOf, type DiskType } from './disk-types.ts';
import type { DiskBody, Disks, FoundDisk } from './disks.ts';
import { handleOf, type DiskPlace } from './handles.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { iopsOf, throughputOf } from './parameter-values.ts';
import { invalid, quoted } from './refusal.ts';

/** How often the platform lets the speed of a disk be changed. */
const changeMs = 4 * 60 * 60_000;

interface Speed {
  readonly iops?: number;
  readonly throughput?: number;
}

/** Makes disks larger and faster, while they are in use. */
export class DiskChanges {
  readonly #context: GcpContext;
  readonly #disks: Disks;
  readonly #lock: KeyedLock;

  constructor(context: GcpContext, disks: Disks, lock: KeyedLock) {
    this.#context = context;
    this.#disks = disks;
    this.#lock = lock;
  }

  async expand(id: string, capacity: CapacityRange, signal: AbortSignal): Promise<{ readonly capacity: bigint; readonly nodeExpansionRequired: boolean }> {
    const place = await this.#placeOf(id, signal);
    return this.#lock.run(place.name, signal, async () => {
      const disk = await this.#get(place, signal);
      const { type, isRegional } = typeOf(disk);
      const has = bytesOf(disk.sizeGb);
      if (capacity.limit !== undefined && has > capacity.limit) throw invalid(`disk ${handleOf(place)} has ${disk.sizeGb} GiB, over the limit of ${capacity.limit} bytes, and disks never shrink`);
      if (has >= capacity.required) return { capacity: has, nodeExpansionRequired: true };
      const sizeGb = sizeWithin(capacity, { typeName: disk.typeName, type, isRegional });
      await this.#disks.resize(place, sizeGb, signal);
      return { capacity: bytesOf(sizeGb), nodeExpansionRequired: true };
    });
  }

  async modify(id: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const wanted = speedOf(parameters);
    const place = await this.#placeOf(id, signal);
    await this.#lock.run(place.name, signal, async () => {
      const disk = await this.#get(place, signal);
      checkChangeable(disk, wanted);
      const change: DiskBody = {
        ...(wanted.iops === undefined || wanted.iops === disk.iops ? {} : { provisionedIops: wanted.iops }),
        ...(wanted.throughput === undefined || wanted.throughput === disk.throughput ? {} : { provisionedThroughput: wanted.throughput }),
      };
      if (Object.keys(change).length > 0) await this.#disks.update(place, change, signal).catch((error: unknown) => this.#tooSoon(place, error));
    });
  }

  /** The platform does not say when; the last change cannot have been later than now. */
  #tooSoon(place: DiskPlace, error: unknown): never {
    const code = gcpCode(error) ?? '';
    if (!(error instanceof Error) || !/^condition_?not_?met$|^resource_operation_rate_exceeded$/i.test(code)) throw error;
    const latest = new Date(this.#context.clock.now() + changeMs).toISOString();
    throw new ProviderError('Exhausted', `the speed of disk ${handleOf(place)} was changed within the last four hours, and can be changed again at ${latest} at the latest: ${error.message}`, { cause: error });
  }

  async #placeOf(id: string, signal: AbortSignal): Promise<DiskPlace> {
    const place = await this.#disks.resolve(id, signal);
    if (place === undefined) throw new ProviderError('NotFound', `there is no disk ${quoted(id)}`);
    return place;
  }

  async #get(place: DiskPlace, signal: AbortSignal): Promise<FoundDisk> {
    const disk = await this.#disks.get(place, signal);
    if (disk === undefined) throw new ProviderError('NotFound', `there is no disk ${handleOf(place)}`);
    return disk;
  }
}

function typeOf({ kind, typeName }: FoundDisk): { readonly type: DiskType; readonly isRegional: boolean } {
  return { type: diskTypeOf(typeName) ?? { smallest: 1, largest: 65_536 }, isRegional: kind === 'regions' };
}

/** Of a VolumeAttributesClass. @throws {ProviderError} Invalid, naming the key */
function speedOf(parameters: Readonly<Record<string, string>>): Speed {
  const speed: { iops?: number; throughput?: number } = {};
  for (const [key, value] of Object.entries(parameters)) {
    const name = key.toLowerCase();
    if (name === 'iops') speed.iops = iopsOf(quoted(name), value);
    else if (name === 'throughput') speed.throughput = throughputOf(quoted(name), value);
    else throw invalid(`there is no parameter ${quoted(key)} by which disks of Compute Engine can be changed; "iops" and "throughput" are`);
  }
  return speed;
}

function checkChangeable({ typeName }: FoundDisk, { iops, throughput }: Speed): void {
  const type = diskTypeOf(typeName);
  if (type === undefined) return;
  const refused = (what: string): Error => invalid(`the ${what} of disks of type ${typeName} cannot be changed`);
  if (iops !== undefined && (type.isChangeable !== true || type.takesIops !== true)) throw refused('IOPS');
  if (throughput !== undefined && (type.isChangeable !== true || type.takesThroughput !== true)) throw refused('throughput');
}
