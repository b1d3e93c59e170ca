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

export interface ClaimsOptions<T extends KubernetesObject, D extends KubernetesObject> extends PodClaimsOptions<T> {
  /** What is claimed. */
  readonly of: Kind<D>;
  /** Whether one is worth being adopted or released. */
  readonly isClaimable: (dependent: D) => boolean;
  /** What else of the metadata is patched when one is adopted, and when one is released. */
  readonly adoption?: Readonly<Record<string, unknown>>;
  readonly release?: Readonly<Record<string, unknown>>;
}

/** The owner is not what the cache shows: no pod may be given to it. */
export class OwnerGoneError extends Error {
  constructor({ kind, metadata: { namespace, name } }: KubernetesObject) {
    super(`${kind} ${namespace}/${name} has just been deleted`);
    this.name = 'OwnerGoneError';
  }
}

/**
 * Which dependents are an owner's own: it adopts orphans that its selector matches, and releases what it does not match any more.
 * For one reconcile; the API server is asked at most once whether the owner is still there.
 */
export class Claims<T extends KubernetesObject, D extends KubernetesObject> {
  readonly #options: ClaimsOptions<T, D>;
  #checked: Promise<void> | undefined;

  constructor(options: ClaimsOptions<T, D>) {
    this.#options = options;
  }

  /** @returns those of them that are the owner's own now. @throws {OwnerGoneError} when one is to be adopted */
  async claim(dependents: Iterable<D>): Promise<D[]> {
    const own: D[] = [];
    for (const dependent of dependents) if (await this.#isOwn(dependent)) own.push(dependent);
    return own;
  }

  async #isOwn(dependent: D): Promise<boolean> {
    const { owner, selector, isClaimable } = this.#options;
    const controller = controllerOf(dependent);
    if (controller !== undefined && controller.uid !== owner.metadata.uid) return false;
    const isSelected = selector?.matches(dependent.metadata.labels) === true;
    if (controller !== undefined) {
      if (!isSelected && !isDeleting(owner) && isClaimable(dependent)) await this.#release(dependent);
      return isSelected;
    }
    return isSelected && !isDeleting(owner) && isClaimable(dependent) && this.#adopt(dependent);
  }

  async #adopt(dependent: D): Promise<boolean> {
    const { kind, owner, adoption } = this.#options;
    await (this.#checked ??= this.#check());
    return this.#patch(dependent, { ownerReferences: [controllerReference(kind, owner)], ...adoption });
  }

  async #release(dependent: D): Promise<void> {
    const { owner, release } = this.#options;
    await this.#patch(dependent, { ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }], ...release });
  }

  /** False when it is another one, is gone, or somebody else was quicker. */
  async #patch(dependent: D, metadata: Readonly<Record<string, unknown>>): Promise<boolean> {
    const { client, of, signal } = this.#options;
    const patch: Patch = { type: 'strategic', document: { metadata: { uid: dependent.metadata.uid, ...metadata } } };
    try {
      await client.patch(of, dependent.metadata, patch, {}, signal);
      return true;
    } catch (error) {
      if (StatusError.is(error, 'NotFound', 'Conflict', 'Invalid')) return false;
      throw error;
    }
  }

  /** The cache may show an owner that is gone, and dependents that its end has made orphans on purpose. */
  async #check(): Promise<void> {
    const { client, kind, owner, signal } = this.#options;
    const now = await live(client, kind, owner.metadata, signal);
    if (now === undefined || now.metadata.uid !== owner.metadata.uid || isDeleting(now)) throw new OwnerGoneError(owner);
  }
}

/** The claims of an owner to pods. */
export class PodClaims<T extends KubernetesObject> extends Claims<T, Pod> {
  constructor(options: PodClaimsOptions<T>) {
    super({ ...options, of: Pod, isClaimable: isActive });
  }
}
