import { apiVersionOf, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client, type DeleteOptions } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { metadataPatch, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import type { Controller, ReconcileResult, Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { KindSources } from '#core/reconcile/kind-sources.ts';
import { foreground, leavesDependents, orphan, ownersOf, ownerUids, placeKey, placeOf, waitsForDependents } from './references.ts';

export interface GarbageCollectionOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly kinds: ServedKinds;
  readonly recorder: EventRecorder;
  readonly workers?: number;
}

/** What became of an owner. `unknown`: its kind is not served, so nobody can tell. */
type OwnerState = 'there' | 'waiting' | 'gone' | 'unknown';

/** An object and where it is. */
interface Found {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

const byOwner = 'by-owner';
/** Copies that are not complete yet are looked at again after this. */
const lookAgainMs = 200;

/**
 * Deletes objects whose owners are all gone, and ends owners that wait for their dependents or leave them behind
 * (`metadata.ownerReferences`, finalizers `foregroundDeletion` and `orphan`), for every kind that is served.
 */
export class GarbageCollectionController implements Controller {
  readonly name = 'garbage-collection';
  readonly workers: number;
  readonly sources: readonly Source[] = [];
  readonly #client: Client;
  readonly #kinds: ServedKinds;
  readonly #recorder: EventRecorder;
  readonly #followed: KindSources;

  constructor({ client, informers, kinds, recorder, workers = 20 }: GarbageCollectionOptions) {
    this.workers = workers;
    this.#client = client;
    this.#kinds = kinds;
    this.#recorder = recorder;
    this.#followed = new KindSources({
      kinds, informers,
      // Events are owned by nobody, and come by the thousand.
      wanted: ({ kind, verbs }) => kind.kind !== 'Event' && ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb)),
      prepare: (informer) => informer.addIndex(byOwner, ownerUids),
      keys: (kind, object, previous) => this.#keysFor(kind, object, previous),
    });
  }

  followSources(add: (source: Source) => () => void): void {
    this.#followed.follow(add);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const found = this.#find(key);
    if (found === undefined) return undefined;
    if (waitsForDependents(found.object)) return this.#endForeground(found, signal);
    if (leavesDependents(found.object)) return this.#endOrphaning(found, signal);
    return isDeleting(found.object) ? undefined : this.#judge(found, signal);
  }

  #find(key: string): Found | undefined {
    const { apiVersion, plural, namespace, name } = placeOf(key);
    for (const informer of this.#followed.informers) {
      const { kind } = informer;
      if (kind.plural !== plural || apiVersionOf(kind) !== apiVersion) continue;
      const object = informer.get(namespace === '' ? name : `${namespace}/${name}`);
      return object && { kind, object };
    }
    return undefined;
  }

  *#keysFor(kind: Kind, object: KubernetesObject | undefined, previous: KubernetesObject | undefined): Iterable<string> {
    if (object === undefined) {
      if (previous === undefined) return;
      // Those that it owned lost an owner; those that own it may be waiting for it.
      yield* this.#dependentsOf(previous).map((dependent) => placeKey(dependent.kind, dependent.object));
      yield* this.#waitingOwnersOf(previous);
      return;
    }
    const changed = previous === undefined || !deepEqual(ownersOf(object), ownersOf(previous));
    const isOwnedAnew = changed && ownersOf(object).length > 0;
    if (isOwnedAnew || waitsForDependents(object) || leavesDependents(object)) yield placeKey(kind, object);
    if (previous !== undefined && changed) yield* this.#waitingOwnersOf(previous);
  }

  *#waitingOwnersOf(object: KubernetesObject): Iterable<string> {
    for (const reference of ownersOf(object)) {
      const owner = this.#cachedOwner(object, reference);
      if (owner !== undefined && waitsForDependents(owner.object)) yield placeKey(owner.kind, owner.object);
    }
  }

  #dependentsOf({ metadata: { uid } }: KubernetesObject): readonly Found[] {
    return this.#followed.informers.flatMap((informer) => informer.byIndex(byOwner, uid).map((object) => ({ kind: informer.kind, object })));
  }

  #cachedOwner(object: KubernetesObject, reference: OwnerReference): Found | undefined {
    const served = this.#kinds.find(reference.apiVersion, reference.kind);
    const informer: Informer<KubernetesObject> | undefined = served && this.#followed.of(served.kind);
    if (served === undefined || informer === undefined) return undefined;
    const owner = informer.get(keyOf({ metadata: keyOfOwner(served.kind, object, reference) }));
    return owner?.metadata.uid === reference.uid ? { kind: served.kind, object: owner } : undefined;
  }

  /** Deletes the object when no owner is left; otherwise takes off the references to those that are gone. */
  async #judge({ kind, object }: Found, signal: AbortSignal): Promise<ReconcileResult | void> {
    const states = await Promise.all(ownersOf(object).map(async (reference) => ({ reference, state: await this.#stateOf(kind, object, reference, signal) })));
    if (states.length === 0 || states.some(({ state }) => state === 'unknown')) return undefined;
    const lost = states.filter(({ state }) => state !== 'there');
    if (lost.length === 0) return undefined;
    if (lost.length < states.length) {
      const ownerReferences = states.filter(({ state }) => state === 'there').map(({ reference }) => reference);
      await this.#patch(kind, object, { ownerReferences }, signal);
      return undefined;
    }
    await this.#deleteDependent({ kind, object }, lost.some(({ state }) => state === 'waiting'), signal);
  }

  async #deleteDependent(found: Found, ownerWaits: boolean, signal: AbortSignal): Promise<void> {
    const { kind, object } = found;
    const dependents = this.#dependentsOf(object);
    if (ownerWaits && dependents.length > 0) {
      // In a circle each would wait for the other: this one then lets its owner go first.
      if (dependents.some((dependent) => waitsForDependents(dependent.object))) await this.#unblock(found, signal);
      return this.#delete(kind, object, 'Foreground', signal);
    }
    const policy = hasFinalizer(object, orphan) ? 'Orphan' : hasFinalizer(object, foreground) ? 'Foreground' : 'Background';
    await this.#delete(kind, object, policy, signal);
  }

  async #unblock({ kind, object }: Found, signal: AbortSignal): Promise<void> {
    const ownerReferences = ownersOf(object).map((reference) => ({ ...reference, blockOwnerDeletion: false }));
    await this.#patch(kind, object, { ownerReferences }, signal);
  }

  async #stateOf(kind: Kind, object: KubernetesObject, reference: OwnerReference, signal: AbortSignal): Promise<OwnerState> {
    const cached = this.#cachedOwner(object, reference);
    if (cached !== undefined) return waitsForDependents(cached.object) ? 'waiting' : 'there';
    const served = this.#kinds.find(reference.apiVersion, reference.kind);
    if (served === undefined) return 'unknown';
    if (!kind.namespaced && served.kind.namespaced) {
      this.#recorder.warning(object, 'OwnerRefInvalidNamespace', `ownerRef ${textOf(reference)} names a namespaced kind, and this object has no namespace`);
      return 'unknown';
    }
    // What the copy shows is the past; deletion is for ever.
    try {
      const owner = await this.#client.get(served.kind, keyOfOwner(served.kind, object, reference), signal);
      if (owner.metadata.uid !== reference.uid) return 'gone';
      return waitsForDependents(owner) ? 'waiting' : 'there';
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
      return 'gone';
    }
  }

  /** Deletes the dependents; lets the owner go when none is left that blocks it. */
  async #endForeground({ kind, object }: Found, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (!this.#followed.synced) return { requeueAfterMs: lookAgainMs };
    const blocking = this.#dependentsOf(object).filter((dependent) => ownersOf(dependent.object).some(({ uid, blockOwnerDeletion }) => uid === object.metadata.uid && blockOwnerDeletion === true));
    if (blocking.length === 0) {
      await this.#patch(kind, object, { finalizers: withoutFinalizer(object, foreground) }, signal);
      return undefined;
    }
    await Promise.all(blocking.filter((dependent) => !isDeleting(dependent.object)).map((dependent) => this.#judge(dependent, signal)));
  }

  /** Takes the owner off its dependents, then lets it go. */
  async #endOrphaning({ kind, object }: Found, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (!this.#followed.synced) return { requeueAfterMs: lookAgainMs };
    await Promise.all(this.#dependentsOf(object).map((dependent) => this.#patch(dependent.kind, dependent.object, {
      ownerReferences: ownersOf(dependent.object).filter(({ uid }) => uid !== object.metadata.uid),
    }, signal)));
    await this.#patch(kind, object, { finalizers: withoutFinalizer(object, orphan) }, signal);
  }

  /** Holds only for the version that was looked at. */
  async #patch(kind: Kind, object: KubernetesObject, metadata: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.patch(kind, object.metadata, metadataPatch(object, metadata), {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }

  async #delete(kind: Kind, { metadata }: KubernetesObject, propagationPolicy: DeleteOptions['propagationPolicy'], signal: AbortSignal): Promise<void> {
    try {
      const { uid, resourceVersion } = metadata;
      await this.#client.delete(kind, metadata, { propagationPolicy, preconditions: { uid, resourceVersion } }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }
}

const keyOfOwner = (kind: Kind, dependent: KubernetesObject, { name }: OwnerReference) => ({ name, namespace: kind.namespaced ? dependent.metadata.namespace : undefined });

const textOf = ({ apiVersion, kind, name, uid }: OwnerReference): string => `[${apiVersion}/${kind}, name: ${name}, uid: ${uid}]`;
