import { systemClock, type Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface MetadataServerOptions {
  readonly environment: Environment;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: Clock | undefined;
}

const usualAddress = '169.254.169.254';
/** It is on the machine itself, or not there at all. Twice so long at most. */
const patienceMs = 1_500;
/** For so long nobody is asked again where there was no server. */
const absentMs = 60_000;
/** No text of it that is asked for here is longer. */
const mostLength = 4096;

/**
 * What a machine of Compute Engine tells programs that run on it, at GCE_METADATA_HOST or where every such machine has it.
 * What it said once is kept: none of it changes while a machine runs.
 */
export class MetadataServer {
  readonly #url: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #clock: Clock;
  readonly #answers = new Map<string, Promise<string | undefined>>();
  #absentUntil = Number.NEGATIVE_INFINITY;
  /** It has answered, or somebody said that it is there: then silence is a failure. */
  #isThere: boolean;

  constructor({ environment, fetch: send = fetch, clock = systemClock }: MetadataServerOptions) {
    this.#url = environment['METADATA_SERVER_DETECTION'] === 'none' ? undefined : urlOf(environment['GCE_METADATA_HOST'] || usualAddress);
    this.#isThere = Boolean(environment['GCE_METADATA_HOST']);
    this.#fetch = send;
    this.#clock = clock;
  }

  /**
   * The text at a path such as `instance/zone`; undefined where there is no such server or no such text.
   * @throws {ProviderError} Unavailable when it is there and does not answer
   */
  async read(path: string, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const known = this.#answers.get(path);
    if (known !== undefined) return untilAborted(known, signal);
    if (this.#url === undefined || this.#clock.now() < this.#absentUntil) return undefined;
    const asked = this.#ask(`${this.#url}/computeMetadata/v1/${path}`);
    this.#answers.set(path, asked);
    const forget = (): void => void this.#answers.delete(path);
    asked.then((text) => (text === undefined ? forget() : undefined), forget);
    return untilAborted(asked, signal);
  }

  async #ask(url: string): Promise<string | undefined> {
    const limit = new AbortController();
    // In two steps: while the process is too busy to look, an answer waits that came in time.
    let cancel = this.#clock.after(patienceMs, () => {
      cancel = this.#clock.after(patienceMs, () => limit.abort());
    });
    try {
      const response = await this.#reach(url, limit.signal);
      if (response === undefined) return undefined;
      const text = await response.text();
      if (response.status === 404) return undefined;
      if (response.status !== 200 || text.length > mostLength) throw new ProviderError('Unavailable', `the metadata server answered ${response.status} to ${url}: ${JSON.stringify(text.slice(0, 200))}`);
      return text.trim();
    } catch (error) {
      if (ProviderError.is(error)) throw error;
      throw new ProviderError('Unavailable', `the metadata server did not answer ${url} to its end`, { cause: error });
    } finally {
      cancel();
    }
  }

  /**
   * Undefined where nobody is, or somebody else: only a metadata server names its flavour.
   * @throws {ProviderError} Unavailable
   */
  async #reach(url: string, signal: AbortSignal): Promise<Response | undefined> {
    const sent = this.#fetch(url, { headers: { 'Metadata-Flavor': 'Google' }, redirect: 'error', signal });
    const response = await sent.catch((error: unknown) => {
      if (this.#isThere) throw new ProviderError('Unavailable', `the metadata server does not answer ${url}`, { cause: error });
    });
    if (response?.headers.get('metadata-flavor') === 'Google') {
      this.#isThere = true;
      return response;
    }
    await response?.body?.cancel().catch(() => undefined);
    if (this.#isThere) throw new ProviderError('Unavailable', `what answers ${url} is no metadata server`);
    this.#absentUntil = this.#clock.now() + absentMs;
    return undefined;
  }
}

function urlOf(host: string): string {
  return (/^https?:\/\//.test(host) ? host : `http://${host}`).replace(/\/+$/, '');
}

/** Many wait for one answer: who gives up leaves it to the others. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
