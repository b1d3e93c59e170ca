import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { keyOf } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isOlderVersion } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Informer } from '#core/reconcile/informer.ts';

/**
 * What the cache shows of what an owner has made, such as pods:
 * - `settled`: all that its controller has done
 * - `behind`: not yet all of it
 * - `unsure`: nobody knows, since an answer was lost or the cache says nothing for too long; the API server has to be asked
 */
export type Standing = 'settled' | 'behind' | 'unsure';

/** As in Kubernetes. No cache is behind for so long; what was expected did not come about. */
const patienceMs = 5 * 60_000;

interface Expected {
  /** The newest version of one that was made. */
  created: string;
  /** Those that were deleted: keys by UID. */
  readonly deleted: Map<string, string>;
  until: number;
  unsure: boolean;
}

/** Keeps a controller from doing again what its cache of pods, or of others that it makes, does not show yet. Owners are known by UID. */
export class Expectations<T extends KubernetesObject = Pod> {
  readonly #made: Informer<T>;
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expected>();
  /** The cache has come so far. */
  #newest = '0';

  constructor(made: Informer<T>, clock: Clock) {
    this.#made = made;
    this.#clock = clock;
    made.subscribe((object, previous) => {
      const version = (object ?? previous)?.metadata.resourceVersion ?? '';
      if (isOlderVersion(this.#newest, version)) this.#newest = version;
    });
  }

  /** The owner has this one. What was made and is gone again is not waited for: whatever came after it shows that the cache has passed. */
  created(owner: string, { metadata: { resourceVersion } }: T): void {
    if (!isOlderVersion(this.#newest, resourceVersion)) return;
    const expected = this.#of(owner);
    if (isOlderVersion(expected.created, resourceVersion)) expected.created = resourceVersion;
  }

  /** The owner has this one no more, or it is on its way out. */
  deleted(owner: string, object: T): void {
    if (this.#has(keyOf(object), object.metadata.uid)) this.#of(owner).deleted.set(object.metadata.uid, keyOf(object));
  }

  /** An answer was lost: what it was about may have been done or not. */
  lost(owner: string): void {
    this.#of(owner).unsure = true;
  }

  standing(owner: string): Standing {
    const expected = this.#expected.get(owner);
    if (expected === undefined) return 'settled';
    for (const [uid, key] of expected.deleted) if (!this.#has(key, uid)) expected.deleted.delete(uid);
    if (expected.unsure) return 'unsure';
    if (expected.deleted.size > 0 || isOlderVersion(this.#newest, expected.created)) return this.#clock.now() < expected.until ? 'behind' : 'unsure';
    this.#expected.delete(owner);
    return 'settled';
  }

  /** Milliseconds until the cache will have been behind for too long. */
  patienceMs(owner: string): number {
    return Math.max(0, (this.#expected.get(owner)?.until ?? 0) - this.#clock.now());
  }

  forget(owner: string): void {
    this.#expected.delete(owner);
  }

  #of(owner: string): Expected {
    const known = this.#expected.get(owner) ?? { created: '0', deleted: new Map<string, string>(), until: 0, unsure: false };
    known.until = this.#clock.now() + patienceMs;
    this.#expected.set(owner, known);
    return known;
  }

  /** The cache shows it, and nothing of its deletion. */
  #has(key: string, uid: string): boolean {
    const cached = this.#made.get(key);
    return cached !== undefined && cached.metadata.uid === uid && !isDeleting(cached);
  }
}
