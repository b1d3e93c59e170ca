import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ProviderError } from '#core/spi/errors.ts';
import type { Engine } from './engine.ts';
import { PullRefused } from './failures.ts';
import { type PauseArchitecture, pauseProgram } from './pause-program.ts';
import { progressOf } from './progress.ts';
import { tar } from './tar.ts';

/** Names of this repository are ours; the tag says what is in it, so that releases of this program can share an engine. */
export const pauseRepository = 'keelson/pause';

const user = '65535:65535';
const entrypoint = ['/pause'];

/** The image of sandboxes, which comes from no registry: one program of 304 bytes on amd64. */
export class PauseImage {
  readonly #engine: Engine;
  #id: Promise<string> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Its id. Makes it when the engine has none with this very content. */
  id(signal: AbortSignal): Promise<string> {
    return (this.#id ??= this.#find(signal).catch((error: unknown) => {
      this.#id = undefined;
      throw error;
    }));
  }

  /** Somebody has removed it. */
  forget(): void {
    this.#id = undefined;
  }

  async #find(signal: AbortSignal): Promise<string> {
    const archive = tar([{ path: 'pause', content: pauseProgram(await this.#architecture(signal)) }]);
    const digest = createHash('sha256').update(archive).digest('hex');
    const tag = digest.slice(0, 12);
    const id = await this.#idOf(`${pauseRepository}:${tag}`, `sha256:${digest}`, signal);
    if (id !== undefined) return id;
    await this.#import(archive, tag, signal);
    const made = await this.#idOf(`${pauseRepository}:${tag}`, `sha256:${digest}`, signal);
    if (made === undefined) throw new ProviderError('Unavailable', `the engine has imported ${pauseRepository}:${tag} and does not have it`);
    return made;
  }

  async #architecture(signal: AbortSignal): Promise<PauseArchitecture> {
    const { Arch } = await this.#engine.call('cannot ask for the version of the engine', signal, (docker) => docker.version(), { deaf: true });
    if (Arch === 'amd64' || Arch === 'arm64') return Arch;
    throw new ProviderError('Invalid', `the container engine runs on a processor for which there is no pause program: ${Arch}`);
  }

  /** An image whose only layer has this digest; others of the name are somebody's work, and not run. */
  async #idOf(reference: string, layer: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const { Id, RootFS, Config } = await this.#engine.call(`cannot inspect image ${reference}`, signal, (docker) => docker.getImage(reference).inspect(), { deaf: true });
      const same = RootFS.Layers?.join() === layer && Config.User === user && [Config.Entrypoint ?? []].flat().join() === entrypoint.join();
      return same ? Id : undefined;
    } catch (error) {
      if (ProviderError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #import(archive: Buffer, tag: string, signal: AbortSignal): Promise<void> {
    const what = `cannot import ${pauseRepository}:${tag}`;
    const changes = [`ENTRYPOINT ${JSON.stringify(entrypoint)}`, `USER ${user}`];
    await this.#engine.call(what, signal, async (docker, abort) => {
      const answer = await docker.importImage(Readable.from([archive]), { fromSrc: '-', repo: pauseRepository, tag, changes, ...abort });
      for await (const { error } of progressOf(answer)) if (error !== undefined) throw new PullRefused(error);
    });
  }
}
