import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProviderError } from '#core/spi/errors.ts';
import type { CreateVolumeRequest, Volume, VolumeDriver } from '#core/spi/volume-driver.ts';

const isName = (text: string): boolean => /^[a-z0-9-]{1,63}$/.test(text);
const isCode = (error: unknown, ...codes: string[]): boolean => error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** A volume is the folder `<root>/volumes/<name>`: `capacity` says what it was made as, `data` is its user's. */
export class FolderVolumeDriver implements VolumeDriver {
  readonly name = 'folder.example.com';
  readonly #volumes: string;
  readonly #work: string;
  #ready: Promise<unknown> | undefined;

  constructor(root: string) {
    this.#volumes = join(root, 'volumes');
    this.#work = join(root, 'work');
  }

  async create({ name, capacity: { required, limit }, parameters, source }: CreateVolumeRequest, signal: AbortSignal): Promise<Volume> {
    signal.throwIfAborted();
    const [unknown] = Object.keys(parameters);
    if (!isName(name)) throw new ProviderError('Invalid', `${JSON.stringify(name)} is no name of a volume`);
    if (unknown !== undefined) throw new ProviderError('Invalid', `there is no parameter ${unknown}`);
    if (source !== undefined || (limit ?? required) < required) throw new ProviderError('Invalid', 'volumes are empty at first, and at least as large as required');
    await this.#prepare();
    const made = await mkdtemp(join(this.#work, 'new-'));
    await mkdir(join(made, 'data'));
    await writeFile(join(made, 'capacity'), String(required), { flush: true });
    // The one step that counts: a volume is there completely or not at all, and of two calls at once one comes too late.
    await rename(made, join(this.#volumes, name)).catch(async (error: unknown) => {
      await rm(made, { recursive: true });
      if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    });
    const capacity = BigInt(await readFile(join(this.#volumes, name, 'capacity'), 'utf8').catch((cause: unknown) => {
      throw new ProviderError('Unavailable', `volume ${name} was removed meanwhile`, { cause });
    }));
    if (capacity < required || capacity > (limit ?? capacity)) throw new ProviderError('AlreadyExists', `volume ${name} is there already, with ${capacity} bytes`);
    return { id: name, capacity, context: {}, topology: [] };
  }

  async delete(id: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isName(id)) return;
    await this.#prepare();
    const gone = await mkdtemp(join(this.#work, 'old-'));
    await rename(join(this.#volumes, id), gone).catch((error: unknown) => { if (!isCode(error, 'ENOENT')) throw error; });
    await rm(gone, { recursive: true });
  }

  /** Once, clears away what a crash left half-made or half-removed. */
  #prepare(): Promise<unknown> {
    return (this.#ready ??= rm(this.#work, { recursive: true, force: true }).then(() => Promise.all([this.#work, this.#volumes].map((folder) => mkdir(folder, { recursive: true })))));
  }
}
