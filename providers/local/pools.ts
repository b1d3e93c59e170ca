import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { orAborted } from '#core/kernel/or-aborted.ts';
import { isPlainPath, quoted } from '#plugins/volumes/block-device/block-device.module.ts';
import type { Files } from './files.ts';
import type { StoredVolume } from './pool.ts';
import { Pool } from './pool.ts';

export interface PoolsOptions {
  /** Folder of volumes; made when missing. */
  readonly root: string;
  /** Further folders that a class may choose by its parameter `nodePath`. They must exist. */
  readonly nodePaths?: readonly string[];
  /** Most bytes that the volumes of one folder may have together; what its disk holds when undefined. */
  readonly poolSize?: bigint | undefined;
  /** The folders belong to another process: see `PoolOptions`. */
  readonly isGuest?: boolean | undefined;
}

/** All folders of volumes of this machine. A name is given once among all of them. */
export class LocalPools {
  readonly #default: Pool;
  readonly #all: readonly Pool[];
  readonly #lock = new KeyedLock();

  constructor(options: PoolsOptions, files: Files, clock: Clock, log: Logger) {
    const { root, nodePaths = [], poolSize: size, isGuest } = options;
    for (const path of [root, ...nodePaths]) {
      if (!isPlainPath(path) || path === '/') throw new RangeError(`a folder of volumes must be an absolute path without "..", "//" or a slash at the end, and not the root: ${quoted(path)}`);
    }
    this.#default = new Pool({ root, makeRoot: true, size, isGuest }, files, clock, log);
    const others = new Set(nodePaths.filter((path) => path !== root));
    this.#all = [this.#default, ...[...others].map((path) => new Pool({ root: path, makeRoot: false, size, isGuest }, files, clock, log))];
  }

  /**
   * Runs work on one volume; never two at a time for the same one. When the signal aborts it rejects at once; work that cannot
   * stop, such as the removal of a large folder, ends later, and the next for this volume waits for that.
   */
  exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return orAborted(this.#lock.run(name, signal, work), signal);
  }

  async open(): Promise<void> {
    for (const pool of this.#all) await pool.open();
  }

  /** The pool of a folder; the default one's when undefined. @throws {ProviderError} Invalid for a folder that is not in the list */
  of(nodePath: string | undefined): Pool {
    if (nodePath === undefined) return this.#default;
    const pool = this.#all.find((candidate) => candidate.configuredRoot === nodePath);
    if (pool !== undefined) return pool;
    const allowed = this.#all.map((candidate) => candidate.configuredRoot).join(', ');
    throw new ProviderError('Invalid', `parameter nodePath: ${quoted(nodePath)} is not one of the folders that this machine allows (${allowed})`);
  }

  /** Certain only when all pools can be read: a volume that is missing in one may be in another. */
  async find(name: string): Promise<StoredVolume | undefined> {
    for (const pool of this.#all) {
      const found = await pool.find(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  onSpaceChange(listener: () => void): () => void {
    const ends = this.#all.map((pool) => pool.onSpaceChange(listener));
    return () => {
      for (const end of ends) end();
    };
  }
}
