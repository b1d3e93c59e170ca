import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { LabelSelector } from '#core/api/label-selector.ts';
import type { Client, Patch } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { isActive } from './active-pod.ts';
import { controllerOf, controllerReference } from '#core/api/controller-reference.ts';

export interface PodClaimsOptions<T extends KubernetesObject> {
  readonly client: Client;
  readonly kind: Kind<T>;
  readonly owner: T;
  /** Undefined selects nothing. */
  readonly selector: LabelSelector | undefined;
  readonly signal: AbortSignal;
}

/** The owner is not what the cache shows: no pod may be given to it. */
export class OwnerGoneError extends Error {
  constructor({ kind, metadata: { namespace, name } }: KubernetesObject) {
    super(`${kind} ${namespace}/${name} has just been deleted`);
    this.name = 'OwnerGoneError';
  }
}

/**
 * Which pods are an owner's own: it adopts orphans that its selector matches, and releases what it does not match any more.
 * For one reconcile; the API server is asked at most once whether the owner is still there.
 */
export class PodClaims<T extends KubernetesObject> {
  readonly #options: PodClaimsOptions<T>;
  #checked: Promise<void> | undefined;

  constructor(options: PodClaimsOptions<T>) {
    this.#options = options;
  }

  /** @returns those of the pods that are the owner's own now. @throws {OwnerGoneError} when one is to be adopted */
  async claim(pods: Iterable<Pod>): Promise<Pod[]> {
    const own: Pod[] = [];
    for (const pod of pods) if (await this.#isOwn(pod)) own.push(pod);
    return own;
  }

  async #isOwn(pod: Pod): Promise<boolean> {
    const { owner, selector } = this.#options;
    const controller = controllerOf(pod);
    if (controller !== undefined && controller.uid !== owner.metadata.uid) return false;
    const isSelected = selector?.matches(pod.metadata.labels) === true;
    if (controller !== undefined) {
      if (!isSelected && !isDeleting(owner) && isActive(pod)) await this.#release(pod);
      return isSelected;
    }
    return isSelected && !isDeleting(owner) && isActive(pod) && this.#adopt(pod);
  }

  async #adopt(pod: Pod): Promise<boolean> {
    const { kind, owner } = this.#options;
    await (this.#checked ??= this.#check());
    return this.#patch(pod, { ownerReferences: [controllerReference(kind, owner)] });
  }

  async #release(pod: Pod): Promise<void> {
    await this.#patch(pod, { ownerReferences: [{ $patch: 'delete', uid: this.#options.owner.metadata.uid }] });
  }

  /** False when the pod is another one, is gone, or somebody else was quicker. */
  async #patch(pod: Pod, metadata: Readonly<Record<string, unknown>>): Promise<boolean> {
    const { client, signal } = this.#options;
    const patch: Patch = { type: 'strategic', document: { metadata: { uid: pod.metadata.uid, ...metadata } } };
    try {
      await client.patch(Pod, pod.metadata, patch, {}, signal);
      return true;
    } catch (error) {
      if (StatusError.is(error, 'NotFound', 'Conflict', 'Invalid')) return false;
      throw error;
    }
  }

  /** The cache may show an owner that is gone, and pods that its end has made orphans on purpose. */
  async #check(): Promise<void> {
    const { client, kind, owner, signal } = this.#options;
    const now = await live(client, kind, owner.metadata, signal);
    if (now === undefined || now.metadata.uid !== owner.metadata.uid || isDeleting(now)) throw new OwnerGoneError(owner);
  }
}
