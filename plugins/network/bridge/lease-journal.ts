import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isObject } from '#core/api/value.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';

const FORMAT = 'keelson-leases';
const VERSION = 1;

interface Waiting {
  readonly record: unknown;
  readonly done: PromiseWithResolvers<void>;
}

export interface JournalOptions {
  readonly path: string;
  /** Names the kernel and the network namespace whose links the records are about. What was written in another epoch is over. */
  readonly epoch: string;
  /** All records that still matter, for a file that has grown too long. */
  readonly live: () => readonly unknown[];
}

/**
 * Records of JSON in one file, each on disk when `append` resolves. Those that come while the disk is busy share the next write.
 * A last line that was cut off by a crash was never answered for, and is dropped.
 */
export class LeaseJournal {
  readonly #options: JournalOptions;
  #file: FileHandle | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #lines = 0;
  /** The file holds what it should not, or no longer all that it should. */
  #needsRewrite = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** The records of this epoch, in order. @throws {NetworkError} 5 for a file that is damaged, or of a newer release */
  async open(): Promise<readonly unknown[]> {
    const records = await this.#read();
    this.#needsRewrite = true;
    return records;
  }

  append(record: unknown): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ record, done });
    this.#writing ??= this.#write();
    return done.promise;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    // Lets the callers of this turn come along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await (this.#needsRewrite || this.#lines > 1000 + 4 * this.#options.live().length ? this.#rewrite() : this.#extend(group));
        for (const { done } of group) done.resolve();
      } catch (error) {
        // What was cut off in the middle of a line would spoil the next.
        this.#needsRewrite = true;
        for (const { done } of group) done.reject(new NetworkError(cniCodes.io, `the journal of leases ${this.#options.path} cannot be written`, '', error));
      }
    }
    // At once: who comes after the last look at the list must begin anew.
    this.#writing = undefined;
  }

  async #extend(group: readonly Waiting[]): Promise<void> {
    if (this.#file === undefined) throw new Error('the journal is not open');
    await this.#file.writeFile(group.map(({ record }) => `${JSON.stringify(record)}\n`).join(''));
    await this.#file.datasync();
    this.#lines += group.length;
  }

  /** What waits to be written is among what is live, or over. */
  async #rewrite(): Promise<void> {
    const { path, epoch, live } = this.#options;
    const records = [{ format: FORMAT, version: VERSION, epoch }, ...live()];
    const fresh = await open(`${path}.new`, 'w', 0o600);
    try {
      await fresh.writeFile(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      await fresh.sync();
      await rename(`${path}.new`, path);
    } catch (error) {
      await fresh.close();
      throw error;
    }
    await this.#file?.close();
    this.#file = fresh;
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    this.#lines = records.length;
    this.#needsRewrite = false;
  }

  async #read(): Promise<readonly unknown[]> {
    const { path, epoch } = this.#options;
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw new NetworkError(cniCodes.io, `the journal of leases ${path} cannot be read`, '', error);
    });
    const [header, ...lines] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n').slice(0, -1);
    if (header === undefined) return [];
    const first = this.#parse(header, 1);
    if (!isObject(first) || first['format'] !== FORMAT) throw new NetworkError(cniCodes.io, `${path} is not a journal of leases`);
    if (first['version'] !== VERSION) throw new NetworkError(cniCodes.io, `the journal of leases ${path} is of version ${String(first['version'])}, and this release reads version ${VERSION}`);
    return first['epoch'] === epoch ? lines.map((line, index) => this.#parse(line, index + 2)) : [];
  }

  #parse(line: string, number: number): unknown {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw new NetworkError(cniCodes.io, `the journal of leases ${this.#options.path} is damaged at line ${number}; remove it when no pods run on this node`, '', error);
    }
  }
}
