import { join } from 'node:path';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { classifyUndone } from './errors.ts';
import { forEachOf } from './for-each-of.ts';
import { buildFolder, type Files } from './files.ts';
import type { VolumeRecord } from './record.ts';
import { decodeRecord, encodeRecord, foreign } from './record.ts';
import { isVolumeName } from './safe-paths.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';
import { errorCode } from '#plugins/volumes/block-device/block-device.module.ts';
import { Space } from './space.ts';

/** A volume on the disk. `path` is its image or, for a plain folder, that folder. */
export interface StoredVolume {
  readonly pool: Pool;
  readonly record: VolumeRecord;
  readonly path: string;
}

export interface PoolOptions {
  readonly root: string;
  /** Make the root when it is missing; otherwise a missing one is an error, as of a disk that is not mounted. */
  readonly makeRoot: boolean;
  /** Most that all volumes may have together. */
  readonly size?: bigint | undefined;
  /** The root belongs to another process, which makes, counts and clears: here volumes are only found. */
  readonly isGuest?: boolean | undefined;
}

const SCANS_AT_ONCE = 16;
const CREATING = '.creating';
const TRASH = '.trash';
const RECORD = 'volume.json';
const IMAGE = 'volume.img';
const DATA = 'data';

/**
 * A folder of volumes:
 *
 *     <root>/<name>/            a finished volume: volume.json, and volume.img or data/
 *     <root>/.creating/<name>/  being made; renamed to its place when complete and on disk
 *     <root>/.trash/<name>/     being removed
 *
 * So whatever is under its own name is complete, and whatever is left in the other two after a crash goes at the next start.
 * Calls for one name may not overlap; the caller sees to that. The root belongs to one process;
 * others may be its guests.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #files: Files;
  readonly #log: Logger;
  readonly #space: Space;
  readonly #syncRoot = new SharedRun(() => this.#files.syncFolder(this.#root));
  readonly #opening = new SharedRun(() => this.#open());
  /** Names of which `.creating` or `.trash` may hold something; a removal is tried again before anything else is done with the name. */
  readonly #leftovers = new Set<string>();
  #root: string;
  #isOpen = false;
  #syncFailed = false;

  constructor(options: PoolOptions, files: Files, clock: Clock, log: Logger) {
    this.#options = options;
    this.#root = options.root;
    this.#files = files;
    this.#log = log;
    this.#space = new Space({
      space: () => files.space(this.#root),
      written: async (name) => (await files.entry(join(this.#root, name, IMAGE)))?.allocated ?? 0n,
    }, clock, options.size);
  }

  /** The folder as the operator wrote it. */
  get configuredRoot(): string {
    return this.#options.root;
  }

  /** Makes the folders, clears away what a crash left, and counts the volumes. Done once; tried again after a failure. */
  async open(): Promise<void> {
    if (!this.#isOpen) await this.#opening.run();
  }

  async available(): Promise<bigint> {
    await this.open();
    return this.#space.available();
  }

  onSpaceChange(listener: () => void): () => void {
    return this.#space.onChange(listener);
  }

  /** @throws {ProviderError} Invalid when something else is stored under the name */
  async find(name: string): Promise<StoredVolume | undefined> {
    await this.open();
    await this.#clear(name);
    const folder = join(this.#root, name);
    const found = await this.#files.entry(folder);
    if (found === undefined) {
      if (this.#syncFailed) await this.settle();
      this.#space.release(name);
      return undefined;
    }
    if (found.kind !== 'folder') throw foreign(name, `it is a ${found.kind}`);
    const text = await this.#files.readText(join(folder, RECORD)).catch((error: unknown) => {
      throw errorCode(error) === 'ELOOP' ? foreign(name, 'its record is a link') : error;
    });
    if (text === undefined) throw foreign(name, 'it has no record');
    const record = decodeRecord(text, name);
    const path = join(folder, record.enforced ? IMAGE : DATA);
    const content = await this.#files.entry(path);
    if (content?.kind !== (record.enforced ? 'file' : 'folder')) throw foreign(name, `its ${record.enforced ? IMAGE : DATA} is ${content === undefined ? 'missing' : `a ${content.kind}`}`);
    if (!this.#space.has(name)) this.#space.enter(name, record.capacity);
    return { pool: this, record, path };
  }

  /** Makes durable which volumes there are: one that is found was perhaps renamed just before a crash. */
  async settle(): Promise<void> {
    try {
      await this.#syncRoot.run();
      this.#syncFailed = false;
    } catch (error) {
      this.#syncFailed = true;
      throw error;
    }
  }

  /**
   * Makes the volume, which is not there. When it rejects nothing is left, except after `Unknown`.
   * @throws {ProviderError} Exhausted, AlreadyExists, Unavailable, Unknown
   */
  async create(record: VolumeRecord, signal: AbortSignal): Promise<void> {
    const { name } = record;
    await this.#space.reserve(name, record.capacity);
    this.#leftovers.add(name);
    const staging = join(this.#root, CREATING, name);
    try {
      signal.throwIfAborted();
      await this.#build(staging, record);
      signal.throwIfAborted();
      await this.#moveIntoPlace(staging, name);
    } catch (error) {
      this.#space.release(name);
      await this.#clear(name).catch((cause: unknown) => {
        throw new ProviderError('Unavailable', `volume ${name} could not be made, nor could its beginnings be cleared away`, { cause });
      });
      throw classifyUndone(error, `volume ${name}`);
    }
    this.#leftovers.delete(name);
    try {
      await this.settle();
    } catch (error) {
      throw new ProviderError('Unknown', `volume ${name} was made but may not survive a power cut`, { cause: error });
    }
  }

  /** Removes the volume, which is there. When it rejects, some of it may be left, and the same call removes that. */
  async remove(volume: StoredVolume): Promise<void> {
    const { name } = volume.record;
    const folder = join(this.#root, name);
    const real = await this.#files.realpath(folder);
    if (real !== folder) throw foreign(name, `its path leads to ${real}`);
    this.#leftovers.add(name);
    await this.#files.move(folder, join(this.#root, TRASH, name));
    // Durable before the answer: else a power cut would bring back a volume that nobody knows any more.
    await Promise.all([this.settle(), this.#clear(name)]);
    this.#space.release(name);
  }

  /**
   * Gives the volume, which is there, at least this capacity: first the room, then the image, then the record. What a failure leaves half-way counts
   * as taken, and the same call finishes it.
   * @throws {ProviderError} Exhausted, and then the volume is as it was
   */
  async grow({ record, path }: StoredVolume, capacity: bigint): Promise<VolumeRecord> {
    const { name, enforced } = record;
    const image = enforced ? await this.#files.entry(path) : undefined;
    const grown = { ...record, capacity: image !== undefined && image.bytes > capacity ? image.bytes : capacity };
    await this.#space.reserveMore(name, grown.capacity);
    const [folder, place] = [join(this.#root, name), join(this.#root, name, RECORD)];
    if (enforced) await this.#files.lengthen(path, grown.capacity);
    await this.#files.remove(`${place}.new`);
    await this.#files.writeNew(`${place}.new`, encodeRecord(grown));
    await this.#files.move(`${place}.new`, place);
    await this.#files.syncFolder(folder);
    this.#space.resize(name, grown.capacity);
    return grown;
  }

  #build(staging: string, record: VolumeRecord): Promise<void> {
    const contents = { ...(record.enforced ? { [IMAGE]: { bytes: record.capacity } } : { [DATA]: 'folder' as const }), [RECORD]: { text: encodeRecord(record) } };
    return this.#files.build?.(staging, contents) ?? buildFolder(this.#files, staging, contents);
  }

  async #moveIntoPlace(staging: string, name: string): Promise<void> {
    try {
      await this.#files.move(staging, join(this.#root, name));
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
      throw new ProviderError('AlreadyExists', `something that this driver did not make is stored as ${name}`, { cause: error });
    }
  }

  async #clear(name: string): Promise<void> {
    if (!this.#leftovers.has(name)) return;
    for (const place of [CREATING, TRASH]) await this.#files.remove(join(this.#root, place, name));
    this.#leftovers.delete(name);
  }

  async #open(): Promise<void> {
    if (this.#options.makeRoot) await this.#files.ensureFolder(this.#options.root);
    this.#root = await this.#files.realpath(this.#options.root);
    const root = await this.#files.entry(this.#root);
    if (root?.kind !== 'folder' || root.openToOthers) {
      throw new ProviderError('Unavailable', `the folder of volumes ${this.#root} must be a folder that only its owner may write to: chmod go-w ${this.#root}`);
    }
    this.#isOpen = this.#options.isGuest ?? false;
    if (this.#isOpen) return;
    for (const place of [CREATING, TRASH]) await this.#openPlace(place, root.device);
    const volumes = (await this.#files.list(this.#root)).filter(isVolumeName);
    await forEachOf(volumes, SCANS_AT_ONCE, (name) => this.#count(name));
    this.#isOpen = true;
  }

  async #openPlace(place: string, device: number): Promise<void> {
    const path = join(this.#root, place);
    await this.#files.ensureFolder(path);
    const found = await this.#files.entry(path);
    if (found?.kind !== 'folder' || found.device !== device) throw new ProviderError('Unavailable', `${path} must be a folder on the file system of ${this.#root}`);
    for (const name of await this.#files.list(path)) {
      if (!isVolumeName(name)) continue;
      this.#leftovers.add(name);
      await this.#clear(name).catch((error: unknown) => this.#log.warn('could not clear away what is left of a volume', { path: join(path, name), error }));
    }
  }

  async #count(name: string): Promise<void> {
    const image = await this.#files.entry(join(this.#root, name, IMAGE));
    if (image?.kind === 'file') return this.#space.enter(name, image.bytes);
    const text = await this.#files.readText(join(this.#root, name, RECORD));
    if (text === undefined) return;
    try {
      this.#space.enter(name, decodeRecord(text, name).capacity);
    } catch (error) {
      this.#log.warn('what is stored like a volume is not one of this driver', { path: join(this.#root, name), error });
    }
  }
}
