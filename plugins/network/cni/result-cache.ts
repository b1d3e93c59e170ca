import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '#core/api/value.ts';
import { isObject } from '#core/api/value.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AttachmentKey, NetworkAttachment } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';

/** What an attachment was made with, and what came of it. */
export interface CachedAttachment {
  readonly attachment: NetworkAttachment;
  /** The list of plugins as it was then. */
  readonly config: JsonObject;
  /** The last plugin's answer; undefined when it did not come to that. */
  readonly result?: JsonObject;
}

const format = 'keelson-cni-attachment';

/** Attachments on disk, one file each: an attachment is taken apart by the configuration by which it was made, whatever the folder says by then. */
export class ResultCache {
  readonly #folder: string;
  readonly #log: Logger;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  async get(key: AttachmentKey): Promise<CachedAttachment | undefined> {
    return this.#read(nameOf(key));
  }

  async all(): Promise<readonly CachedAttachment[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const read = await Promise.all(names.filter((name) => /^[0-9a-f]{64}\.json$/.test(name)).map((name) => this.#read(name)));
    return read.filter((each) => each !== undefined);
  }

  /** On disk when it resolves. @throws {NetworkError} 5 */
  async put(cached: CachedAttachment): Promise<void> {
    const path = join(this.#folder, nameOf(cached.attachment));
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = await open(`${path}.new`, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify({ format, version: 1, ...cached }));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    } catch (error) {
      throw new NetworkError(cniCodes.io, `the result of ${cached.attachment.containerId} cannot be stored in ${this.#folder}`, '', error);
    }
  }

  async remove(key: AttachmentKey): Promise<void> {
    await rm(join(this.#folder, nameOf(key)), { force: true });
  }

  /** One that is damaged is as good as none: it is told, and removed with its attachment. */
  async #read(name: string): Promise<CachedAttachment | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(this.#folder, name), 'utf8'));
      if (isObject(value) && value['format'] === format && value['version'] === 1) return value as unknown as CachedAttachment;
      this.#log.warn('a stored result of CNI is of another release', { name });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#log.warn('a stored result of CNI cannot be read', { name, error });
    }
    return undefined;
  }
}

const nameOf = ({ containerId, ifName }: AttachmentKey): string => `${createHash('sha256').update(`${containerId}\0${ifName}`).digest('hex')}.json`;
