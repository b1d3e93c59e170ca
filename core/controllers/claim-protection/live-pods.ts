import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Reader } from '#core/client/client.ts';
import { claimsOfPod, isTerminated } from '#core/controllers/storage/pods.ts';

type Claims = ReadonlySet<string>;

const pageSize = 500;

/** The kubelet starts no pod whose claim is being deleted; one that has a node already may have been started before. */
export const holdsClaims = (pod: Pod): boolean => !isTerminated(pod) && pod.spec.nodeName !== undefined && pod.spec.nodeName !== '';

/**
 * Asks the API server which claims of a namespace are in use. Questions that come in while it is being asked share the next answer,
 * so that deleting thousands of claims at once does not list the pods thousands of times.
 */
export class LivePods {
  readonly #reader: Reader;
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<Claims>>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** From a list that began after the call. */
  async uses(namespace: string, claimKey: string, signal: AbortSignal): Promise<boolean> {
    let round = this.#next.get(namespace);
    if (round === undefined) {
      round = this.#ask(namespace, signal);
      this.#next.set(namespace, round);
    }
    return (await round).has(claimKey);
  }

  async #ask(namespace: string, signal: AbortSignal): Promise<Claims> {
    await this.#running.get(namespace)?.catch(() => undefined);
    this.#next.delete(namespace);
    const listing = this.#list(namespace, signal);
    this.#running.set(namespace, listing);
    try {
      return await listing;
    } finally {
      if (this.#running.get(namespace) === listing) this.#running.delete(namespace);
    }
  }

  async #list(namespace: string, signal: AbortSignal): Promise<Claims> {
    const claims = new Set<string>();
    let next: string | undefined;
    do {
      const page = await this.#reader.list(Pod, { namespace, limit: pageSize, continue: next }, signal);
      for (const pod of page.items) if (holdsClaims(pod)) for (const key of claimsOfPod(pod)) claims.add(key);
      next = page.metadata.continue;
    } while (next !== undefined && next !== '');
    return claims;
  }
}
