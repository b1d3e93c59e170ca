import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { Quantity } from '#core/api/quantity.ts';
import { forEachOf } from './for-each-of.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';

/** Capacities are multiples of this where the request allows it. */
export const UNIT = 1024n * 1024n;

/** What one volume was promised, and how much of that it had taken from the disk when last looked at. */
interface Promised {
  readonly capacity: bigint;
  readonly written: bigint;
}

interface DiskSpace {
  readonly total: bigint;
  readonly available: bigint;
}

interface Disk {
  /** The pool's file system, now. */
  space(): Promise<DiskSpace>;
  /** What the volume has taken from the disk; zero when that is unknown. */
  written(name: string): Promise<bigint>;
}

const LOOKS_AT_ONCE = 16;
/** A report is a hint, and may rest on older figures than a refusal. */
const REPORTED_LOOK_MS = 60_000;

/**
 * The accounts of a pool: room is given to a volume once, in one step with the check that it is there.
 * What is free = what the file system has left, less what sparse volumes were promised and have not yet written.
 *
 * Looking at each volume for what it has written takes long, so it happens seldom: the figures are old, and always to the safe
 * side. Writing since then lowers both sides alike; `#ceiling` keeps room that trimmed volumes gave back from being given away.
 */
export class Space {
  readonly #disk: Disk;
  readonly #clock: Clock;
  /** Most that all volumes may have together; no such limit when undefined. */
  readonly #limit: bigint | undefined;
  readonly #volumes = new Map<string, Promised>();
  readonly #listeners = new Set<() => void>();
  readonly #look = new SharedRun(() => this.#lookAtVolumes());
  #capacity = 0n;
  #written = 0n;
  #ceiling = 0n;
  #lookedAt: number | undefined;
  /** Keeps looking under a twentieth of the time, however many volumes there are. */
  #leastPause = 1000;
  #changed = 0n;

  constructor(disk: Disk, clock: Clock, limit?: bigint) {
    this.#disk = disk;
    this.#clock = clock;
    this.#limit = limit;
  }

  has(name: string): boolean {
    return this.#volumes.has(name);
  }

  /** Enters a volume that is there, whether there is room or not. */
  enter(name: string, capacity: bigint): void {
    this.release(name);
    this.#volumes.set(name, { capacity, written: 0n });
    this.#capacity += capacity;
    this.#moved(capacity);
  }

  /** @throws {ProviderError} Exhausted */
  async reserve(name: string, capacity: bigint): Promise<void> {
    await this.#take(capacity, () => this.enter(name, capacity));
  }

  /** As `reserve`, for a volume that is there: of more than it has, only what it lacks is taken. @throws {ProviderError} Exhausted */
  async reserveMore(name: string, capacity: bigint): Promise<void> {
    const more = (): bigint => capacity - (this.#volumes.get(name)?.capacity ?? 0n);
    if (more() > 0n) await this.#take(more(), () => this.resize(name, capacity));
  }

  /** What a volume that is there has been promised, whether there is room or not. */
  resize(name: string, capacity: bigint): void {
    const known = this.#volumes.get(name);
    if (known === undefined) return this.enter(name, capacity);
    const more = capacity - known.capacity;
    this.#volumes.set(name, { ...known, capacity });
    this.#capacity += more;
    this.#moved(more < 0n ? -more : more);
  }

  async #take(bytes: bigint, enter: () => void): Promise<void> {
    await this.#lookIfOlderThan(Number.POSITIVE_INFINITY);
    let disk = await this.#disk.space();
    if (this.#left(disk) < bytes && (await this.#lookIfOlderThan(this.#leastPause))) disk = await this.#disk.space();
    // From here to the entry nothing may wait, not even for a value that is there: two could take the same room.
    const left = this.#left(disk);
    if (left < bytes) {
      throw new ProviderError('Exhausted', `not enough room: ${readable(bytes)} asked for, ${readable(left > 0n ? left : 0n)} available`);
    }
    enter();
  }

  release(name: string): void {
    const known = this.#volumes.get(name);
    if (known === undefined) return;
    this.#volumes.delete(name);
    this.#capacity -= known.capacity;
    this.#written -= known.written;
    this.#ceiling += known.written;
    this.#moved(known.capacity);
  }

  /** The largest volume that fits now. */
  async available(): Promise<bigint> {
    await this.#lookIfOlderThan(REPORTED_LOOK_MS);
    const left = this.#left(await this.#disk.space());
    return left < UNIT ? 0n : left - (left % UNIT);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #left({ total, available }: DiskSpace): bigint {
    // Block maps of written volumes take room too: less than one part in 256, even when written in single blocks.
    const onDisk = smaller(available, this.#ceiling) - (this.#capacity - this.#written) - total / 256n;
    return this.#limit === undefined ? onDisk : smaller(onDisk, this.#limit - this.#capacity);
  }

  async #lookIfOlderThan(ms: number): Promise<boolean> {
    if (this.#lookedAt !== undefined && this.#clock.now() - this.#lookedAt < ms) return false;
    await this.#look.run();
    return true;
  }

  async #lookAtVolumes(): Promise<void> {
    const began = this.#clock.now();
    const before = await this.#disk.space();
    await forEachOf(this.#volumes.keys(), LOOKS_AT_ONCE, async (name) => this.#note(name, await this.#disk.written(name)));
    const after = await this.#disk.space();
    this.#ceiling = smaller(before.available, after.available);
    this.#lookedAt = this.#clock.now();
    this.#leastPause = Math.max(1000, 20 * (this.#lookedAt - began));
  }

  #note(name: string, written: bigint): void {
    const known = this.#volumes.get(name);
    if (known === undefined) return;
    const counted = smaller(written, known.capacity);
    this.#volumes.set(name, { ...known, written: counted });
    this.#written += counted - known.written;
  }

  #moved(bytes: bigint): void {
    this.#changed += bytes;
    const pool = this.#limit ?? this.#ceiling;
    if (this.#changed * 64n < pool) return;
    this.#changed = 0n;
    for (const listener of this.#listeners) listener();
  }
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function readable(bytes: bigint): string {
  const quantity = Quantity.ofBytes(bytes).toString();
  return quantity === String(bytes) ? `${bytes} bytes` : `${quantity} (${bytes} bytes)`;
}
