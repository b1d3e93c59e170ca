import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf } from '#core/client/client.ts';
import { hasFinalizer } from '#core/controllers/storage/claims.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { trackingFinalizer } from './names.ts';

/** Pods from which the finalizer has been taken although the cache still shows it: they are counted already. */
export class ReleasedPods {
  readonly #pods: Informer<Pod>;
  readonly #uids = new Set<string>();

  constructor(pods: Informer<Pod>) {
    this.#pods = pods;
    pods.subscribe((pod, previous) => {
      if (previous !== undefined && (pod?.metadata.uid !== previous.metadata.uid || !hasFinalizer(pod, trackingFinalizer))) this.#uids.delete(previous.metadata.uid);
    });
  }

  note(pod: Pod): void {
    const cached = this.#pods.get(keyOf(pod));
    if (cached?.metadata.uid === pod.metadata.uid && hasFinalizer(cached, trackingFinalizer)) this.#uids.add(pod.metadata.uid);
  }

  /** The pod waits to be counted. */
  isTracked(pod: Pod): boolean {
    return hasFinalizer(pod, trackingFinalizer) && !this.#uids.has(pod.metadata.uid);
  }
}
