import type { KeyValue } from '#core/spi/key-value-store.ts';
import type { ResourceCache } from './resource-cache.ts';

/** How a state of the store differs from what is in memory, which does not change while it is compared. Only the differences are held. */
export class Renewal {
  private readonly newer: [cache: ResourceCache, key: string, item: KeyValue][] = [];
  /** Of each kind the keys in memory that have not been noted. */
  private readonly unseen = new Map<ResourceCache, Map<string, number>>();

  /** `item` belongs to the state. */
  note(cache: ResourceCache, key: string, item: KeyValue): void {
    const unseen = this.unseenOf(cache);
    if (unseen.get(key) !== item.modRevision) this.newer.push([cache, key, item]);
    unseen.delete(key);
  }

  /** Makes it the state of these caches, at `revision`; their watchers have missed what led there. */
  take(caches: readonly ResourceCache[], revision: number): void {
    for (const cache of caches) cache.cutOff();
    for (const cache of caches) for (const key of this.unseenOf(cache).keys()) cache.apply(key, undefined, revision);
    for (const [cache, key, { value, modRevision }] of this.newer) cache.apply(key, value, modRevision);
    for (const cache of caches) cache.begin(revision);
  }

  private unseenOf(cache: ResourceCache): Map<string, number> {
    let unseen = this.unseen.get(cache);
    if (unseen === undefined) this.unseen.set(cache, (unseen = cache.versions()));
    return unseen;
  }
}
