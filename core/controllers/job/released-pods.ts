import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf } from '#core/client/client.ts';
import { hasFinalizer } from '#core/controllers/storage/claims.ts';
import { isOlderVersion } from '#core/controllers/storage/own-writes.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { trackingFinalizer } from './names.ts';

/** Until when the cache may show a pod with the finalizer that it has lost. */
interface Until {
  /** The cache has come so far; undefined when nobody knows how far that is. */
  readonly version: string | undefined;
  /** The cache shows the pod with it under this key no more; undefined when it does not show the pod yet. */
  readonly key: string | undefined;
}

/** Pods that have lost the finalizer, although the cache shows it or is going to: their Jobs, which are known by UID, have counted them. */
export class ReleasedPods {
  readonly #pods: Informer<Pod>;
  readonly #released = new Map<string, Map<string, Until>>();
  /** The cache has come so far. */
  #newest = '0';

  constructor(pods: Informer<Pod>) {
    this.#pods = pods;
    pods.subscribe((pod, previous) => {
      const version = (pod ?? previous)?.metadata.resourceVersion ?? '';
      if (isOlderVersion(this.#newest, version)) this.#newest = version;
    });
  }

  /** @param version the pod's without the finalizer, or undefined when it is gone or nobody knows */
  note(job: string, pod: Pod, version: string | undefined): void {
    const { uid } = pod.metadata;
    const key = this.#pods.get(keyOf(pod))?.metadata.uid === uid ? keyOf(pod) : undefined;
    const pods = this.#released.get(job) ?? new Map<string, Until>();
    pods.set(uid, { version, key });
    this.#released.set(job, pods);
  }

  /** Drops what the cache has caught up with. Not while pods are at hand that were read from it before. */
  tidy(job: string): void {
    const pods = this.#released.get(job);
    if (pods === undefined) return;
    for (const [uid, until] of pods) if (this.#isOver(uid, until)) pods.delete(uid);
    if (pods.size === 0) this.#released.delete(job);
  }

  forget(job: string): void {
    this.#released.delete(job);
  }

  /** The pod waits to be counted. */
  isTracked(job: string, pod: Pod): boolean {
    return hasFinalizer(pod, trackingFinalizer) && this.#released.get(job)?.has(pod.metadata.uid) !== true;
  }

  #isOver(uid: string, { version, key }: Until): boolean {
    if (version !== undefined) return !isOlderVersion(this.#newest, version);
    const cached = key === undefined ? undefined : this.#pods.get(key);
    return key !== undefined && (cached?.metadata.uid !== uid || !hasFinalizer(cached, trackingFinalizer));
  }
}
