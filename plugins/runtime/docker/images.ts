import type { ImageInspectInfo } from 'dockerode';
import { ProviderError } from '#core/spi/errors.ts';
import type { ImageStore, RegistryCredentials, RuntimeImage } from '#core/spi/container-runtime.ts';
import type { Engine } from './engine.ts';
import { PullRefused, toPullError } from './failures.ts';
import { pauseRepository } from './pause-image.ts';
import { progressOf } from './progress.ts';
import { imageIdOf, type ImageReference, parseReference, referenceText } from './reference.ts';
import { sideBySide } from './side-by-side.ts';

/** A registry that sends nothing for so long is given up, as by dockershim; what the engine does with a large layer may take it longer. */
const [silenceMs, unpackingMs] = [60_000, 5 * 60_000];
const isUnpacking = (status: string): boolean => /^(?:Verifying|Download complete|Extracting)/.test(status);
const atOnce = 8;

export class DockerImages implements ImageStore {
  readonly #engine: Engine;
  /** By the image's id, which is the digest of what it says: it never changes. */
  #users = new Map<string, string | undefined>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async pullImage(reference: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<RuntimeImage> {
    const parsed = parseReference(reference);
    if (parsed === undefined) throw new ProviderError('Invalid', `cannot pull "${reference}": invalid reference format`);
    await this.#pull(reference, parsed, credentials, signal);
    const image = await this.imageStatus(referenceText(parsed), signal);
    if (image === undefined) throw new ProviderError('Unavailable', `the engine has pulled "${reference}" and does not have it`);
    return image;
  }

  async #pull(reference: string, { name, tag, digest }: ImageReference, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<void> {
    const idle = new AbortController();
    let forget = () => {};
    const heard = (status = ''): void => {
      forget();
      const patienceMs = isUnpacking(status) ? unpackingMs : silenceMs;
      forget = this.#engine.clock.after(patienceMs, () => idle.abort(new ProviderError('Unavailable', `cannot pull "${reference}": nothing came from the registry for ${patienceMs / 60_000} min; the pull was given up`)));
    };
    const options = { fromImage: name, tag: digest ?? tag ?? 'latest' };
    try {
      heard();
      await this.#engine.call(`cannot pull "${reference}"`, AbortSignal.any([signal, idle.signal]), async (docker, abort) => {
        const stream = await docker.createImage(authOf(credentials), { ...options, ...abort });
        for await (const { error, status } of progressOf(stream)) {
          heard(status);
          if (error !== undefined) throw new PullRefused(error);
        }
      }, { timeoutMs: 24 * 3600_000, raise: (error) => toPullError(error, reference) });
    } catch (error) {
      throw idle.signal.aborted ? idle.signal.reason : error;
    } finally {
      forget();
    }
  }

  async imageStatus(reference: string, signal: AbortSignal): Promise<RuntimeImage | undefined> {
    const id = imageIdOf(reference);
    const parsed = id === undefined ? parseReference(reference) : undefined;
    if (id === undefined && parsed === undefined) return undefined;
    const found = await this.#inspect(id ?? referenceText(parsed ?? { name: '' }), signal);
    // Docker takes the name `cafe` for an id that begins so when there is no such image.
    return found !== undefined && (found.Id === id || (parsed !== undefined && answersTo(found, parsed))) ? imageOf(found, userOf(found)) : undefined;
  }

  async listImages(signal: AbortSignal): Promise<readonly RuntimeImage[]> {
    const listed = await this.#engine.call('cannot list images', signal, (docker, abort) => docker.listImages(abort));
    const shown = listed.filter(({ RepoTags }) => !(RepoTags ?? []).some((tag) => tag.startsWith(`${pauseRepository}:`)));
    const images = await sideBySide(shown, atOnce, async (info) => {
      const user = await this.#userOf(info.Id, signal);
      return imageOf(info, user);
    });
    const there = new Set(listed.map(({ Id }) => Id));
    for (const id of this.#users.keys()) if (!there.has(id)) this.#users.delete(id);
    return images;
  }

  /** An image of several names would be refused by its id: its names go one by one, when nobody uses it. */
  async removeImage(id: string, signal: AbortSignal): Promise<void> {
    const image = await this.imageStatus(id, signal);
    if (image === undefined) return;
    const users = await this.#engine.call('cannot list containers', signal, (docker, abort) => docker.listContainers({ all: true, filters: { ancestor: [image.id] }, ...abort }));
    const user = users.find(({ ImageID }) => ImageID === image.id);
    if (user !== undefined) throw new ProviderError('Unavailable', `cannot remove image ${image.id}: container ${user.Id} uses it`);
    const names = [...image.tags, ...image.digests];
    for (const name of names.length > 1 ? names : [image.id]) {
      try {
        await this.#engine.call(`cannot remove image ${name}`, signal, (docker, abort) => docker.getImage(name).remove(abort));
      } catch (error) {
        if (!ProviderError.is(error, 'NotFound')) throw error;
      }
    }
  }

  async #userOf(id: string, signal: AbortSignal): Promise<string | undefined> {
    if (!this.#users.has(id)) {
      const found = await this.#inspect(id, signal);
      if (found !== undefined) this.#users.set(id, userOf(found));
    }
    return this.#users.get(id);
  }

  async #inspect(reference: string, signal: AbortSignal): Promise<ImageInspectInfo | undefined> {
    try {
      return await this.#engine.call(`cannot inspect image ${reference}`, signal, (docker) => docker.getImage(reference).inspect(), { deaf: true });
    } catch (error) {
      if (ProviderError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function answersTo({ RepoTags, RepoDigests }: ImageInspectInfo, { name, tag, digest }: ImageReference): boolean {
  const names = digest === undefined ? named(RepoTags) : named(RepoDigests);
  const wanted = referenceText({ name, ...(digest === undefined ? { tag } : { digest }) });
  return names.some((each) => referenceText(parseReference(each) ?? { name: '' }) === wanted);
}

/** Names and digests that are there: the engine lists `<none>:<none>` too. */
const named = (names: readonly string[] | null | undefined): string[] => (names ?? []).filter((name) => !name.includes('<none>'));

/** The user of its config without the group. Newer engines leave out what is empty. */
const userOf = ({ Config }: { readonly Config?: { readonly User?: string } }): string | undefined => Config?.User?.split(':', 1)[0] || undefined;

const imageOf = ({ Id, RepoTags, RepoDigests, Size }: { Id: string; RepoTags?: string[] | undefined; RepoDigests?: string[] | undefined; Size: number }, user: string | undefined): RuntimeImage =>
  ({ id: Id, tags: named(RepoTags), digests: named(RepoDigests), size: Size, ...(user === undefined ? {} : { user }) });

const authOf = (credentials: RegistryCredentials | undefined): object => (credentials === undefined ? {} : {
  username: credentials.username, password: credentials.password, identitytoken: credentials.identityToken, serveraddress: credentials.serverAddress,
});
