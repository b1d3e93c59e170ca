import { controllerOf } from '#core/api/controller-reference.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import type { Expectations, Standing } from './expectations.ts';
import type { OwnPods } from './own-pods.ts';
import { OwnerGoneError, PodClaims } from './pod-claims.ts';
import type { PodOwners } from './pod-set.ts';

export interface ClaimedPodsOptions<T extends KubernetesObject> {
  readonly client: Client;
  readonly owners: PodOwners<T>;
  readonly own: OwnPods<T>;
  readonly expectations: Expectations;
}

/** The pods of an owner, with orphans adopted and others released: by the cache, or by the API server where the cache is in doubt. */
export class ClaimedPods<T extends KubernetesObject> {
  readonly #options: ClaimedPodsOptions<T>;

  constructor(options: ClaimedPodsOptions<T>) {
    this.#options = options;
  }

  /** The owner's own pods; undefined when the owner is not what the cache shows. */
  async of(owner: T, standing: Standing, signal: AbortSignal): Promise<readonly Pod[] | undefined> {
    const { client, owners, own } = this.#options;
    const claims = new PodClaims({ client, kind: owners.kind, owner, selector: owners.selectorOf(owner), signal });
    try {
      if (standing === 'unsure') return await claims.claim(await this.#live(owner, signal));
      return await claims.claim([...own.of(owner), ...own.orphans(owner)]);
    } catch (error) {
      if (error instanceof OwnerGoneError) return undefined;
      throw error;
    }
  }

  /** What the API server has. From here on the cache is waited for until it shows the same. */
  async #live(owner: T, signal: AbortSignal): Promise<readonly Pod[]> {
    const { client, own, expectations } = this.#options;
    const { uid, namespace } = owner.metadata;
    const { items } = await client.list(Pod, { namespace }, signal);
    const now = items.filter((pod) => controllerOf(pod)?.uid === uid);
    const alive = new Set(now.filter((pod) => !isDeleting(pod)).map(({ metadata }) => metadata.uid));
    expectations.forget(uid);
    for (const pod of now) expectations.created(uid, pod);
    for (const pod of own.of(owner)) if (!alive.has(pod.metadata.uid)) expectations.deleted(uid, pod);
    return items.filter((pod) => (controllerOf(pod)?.uid ?? uid) === uid);
  }
}
