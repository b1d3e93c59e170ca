import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { keyOf } from '#core/client/client.ts';
import type { Informer } from '#core/reconcile/informer.ts';

/**
 * Lets a controller see what it has written itself before its cache does. Without it the controller would do its last step again,
 * only to be told of a conflict. Holds an object only until the cache has caught up with it.
 */
export class OwnWrites<T extends KubernetesObject> {
  readonly #informer: Informer<T>;
  readonly #written = new Map<string, T>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
    informer.subscribe((object, previous) => {
      const uid = (object ?? previous)?.metadata.uid ?? '';
      const written = this.#written.get(uid);
      if (written !== undefined && (object === undefined || !isOlder(object, written))) this.#written.delete(uid);
    });
  }

  /** What the API server answered to a write. */
  note(written: T): T {
    const cached = this.#informer.get(keyOf(written));
    // Of an object that the cache does not have, no later change will come that ends the note.
    if (cached?.metadata.uid === written.metadata.uid && isOlder(cached, written)) this.#written.set(written.metadata.uid, written);
    return written;
  }

  /** The newest version that is known of an object of which one was seen: that one, the cache's, or one written since. */
  newest(seen: T): T {
    const cached = this.#informer.get(keyOf(seen));
    const known = cached?.metadata.uid === seen.metadata.uid && isOlder(seen, cached) ? cached : seen;
    const written = this.#written.get(seen.metadata.uid);
    return written !== undefined && isOlder(known, written) ? written : known;
  }
}

const isOlder = (a: KubernetesObject, b: KubernetesObject): boolean => isOlderVersion(a.metadata.resourceVersion, b.metadata.resourceVersion);

/** Versions are decimal numbers that grow; of any other kind none counts as older. */
export const isOlderVersion = (a: string, b: string): boolean => /^\d+$/.test(a) && /^\d+$/.test(b) && BigInt(a) < BigInt(b);
