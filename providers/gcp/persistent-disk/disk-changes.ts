import { ProviderError } from '#core/spi/errors.ts';
import type { CapacityRange } from '#core/spi/volume-driver.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import { bytesOf, sizeWithin } from './disk-request.ts';
import { checkChangeable, speedOf, type Speed } from './disk-speed.ts';
import { diskTypeOf, type DiskType } from './disk-types.ts';
import type { DiskBody, Disks, FoundDisk } from './disks.ts';
import { Doubts } from './doubts.ts';
import { handleOf, type DiskPlace } from './handles.ts';
import type { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { Patience } from './patience.ts';
import { invalid, quoted } from './refusal.ts';

/** How often the platform lets the speed of a disk be changed. */
const changeMs = 4 * 60 * 60_000;
/** So long after its start what a process before it began may be under way. */
const youthMs = 60_000;

/** Makes disks larger and faster, while they are in use. */
export class DiskChanges {
  readonly #context: GcpContext;
  readonly #disks: Disks;
  readonly #lock: KeyedLock;
  readonly #doubts: Doubts<'update'>;
  readonly #born: number;

  constructor(context: GcpContext, disks: Disks, lock: KeyedLock) {
    this.#context = context;
    this.#disks = disks;
    this.#lock = lock;
    this.#doubts = new Doubts(context.clock);
    this.#born = context.clock.now();
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
      checkChangeable(disk.typeName, wanted);
      const change = changeOf(disk, wanted);
      if (Object.keys(change).length === 0) return this.#doubts.end(place.name);
      try {
        await this.#doubts.during(place.name, 'update', () => this.#disks.update(place, change, signal));
      } catch (error) {
        if (!isTooSoon(error)) throw error;
        await this.#afterChange(place, wanted, error, signal);
      }
    });
  }

  /** The change that forbids this one may be this one, of a call whose answer was lost. */
  async #afterChange(place: DiskPlace, wanted: Speed, refusal: Error, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const isOwn = this.#doubts.has(place.name, 'update') || clock.now() - this.#born < youthMs;
    for (const patience = new Patience(clock); isOwn && !patience.isOver; ) {
      await patience.pause(signal);
      if (Object.keys(changeOf(await this.#get(place, signal), wanted)).length === 0) return this.#doubts.end(place.name);
    }
    // The platform does not say when; the last change cannot have been later than now.
    const latest = new Date(clock.now() + changeMs).toISOString();
    throw new ProviderError('Exhausted', `the speed of disk ${handleOf(place)} was changed within the last four hours, and can be changed again at ${latest} at the latest: ${refusal.message}`, { cause: refusal });
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

/** What differs. */
function changeOf(disk: FoundDisk, { iops, throughput }: Speed): DiskBody {
  return {
    ...(iops === undefined || iops === disk.iops ? {} : { provisionedIops: iops }),
    ...(throughput === undefined || throughput === disk.throughput ? {} : { provisionedThroughput: throughput }),
  };
}

const isTooSoon = (error: unknown): error is Error => error instanceof Error && /^condition_?not_?met$|^resource_operation_rate_exceeded$/i.test(gcpCode(error) ?? '');
