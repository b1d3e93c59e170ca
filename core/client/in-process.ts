import { apiVersionOf, listKindOf, type Draft, type Kind, type KindNames, type KubernetesObject, type ObjectList } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client, DeleteOptions, ListOptions, ObjectKey, Patch, WatchEvent, WatchOptions, WriteOptions } from './client.ts';
import { PulledEvents } from './pulled-events.ts';

/** The API server's verbs as this process can call them, without HTTP. The API server implements it. */
export interface Verbs {
  get(kind: KindNames, key: ObjectKey): Promise<KubernetesObject>;
  list(kind: KindNames, options: ListOptions): Promise<Pick<ObjectList<KubernetesObject>, 'metadata' | 'items'>>;
  /** `deliver` is called synchronously, in order, and `failed` once when nothing can follow; the returned function ends the watch. */
  watch(kind: KindNames, options: WatchOptions, deliver: (event: WatchEvent<KubernetesObject>) => void, failed: (error: unknown) => void): Promise<() => void>;
  create(kind: KindNames, object: unknown, key: { namespace?: string | undefined }, options: WriteOptions): Promise<KubernetesObject>;
  update(kind: KindNames, object: unknown, key: ObjectKey, options: WriteOptions): Promise<KubernetesObject>;
  patch(kind: KindNames, key: ObjectKey, patch: Patch, options: WriteOptions): Promise<KubernetesObject>;
  delete(kind: KindNames, key: ObjectKey, options: DeleteOptions): Promise<void>;
}

/** Events that a reader may be behind; beyond it is cut off as if its version were too old. */
const backlogLimit = 100_000;

/** The `Client` of the process that the API server runs in: the same checks and answers as over HTTPS, without the bytes. */
export class InProcessClient implements Client {
  private readonly verbs: Verbs;

  constructor(verbs: Verbs) {
    this.verbs = verbs;
  }

  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, signal?: AbortSignal): Promise<T> {
    return answer<T>(() => this.verbs.get(kind, key), signal);
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions = {}, signal?: AbortSignal): Promise<ObjectList<T>> {
    signal?.throwIfAborted();
    const { metadata, items } = await this.verbs.list(kind, options);
    signal?.throwIfAborted();
    return { apiVersion: apiVersionOf(kind), kind: listKindOf(kind), metadata, items: items as T[] };
  }

  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
    return new PulledEvents<WatchEvent<T>>(
      (deliver, failed) => this.verbs.watch(kind, options, (event) => deliver(event as WatchEvent<T>), failed),
      signal, backlogLimit, () => StatusError.expired(`this watch fell ${backlogLimit} events behind`),
    );
  }

  create<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return answer<T>(() => this.verbs.create(kind, object, { namespace: object.metadata.namespace }, options), signal);
  }

  update<T extends KubernetesObject>(kind: Kind<T>, object: T, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return answer<T>(() => this.verbs.update(kind, object, object.metadata, options), signal);
  }

  patch<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return answer<T>(() => this.verbs.patch(kind, key, patch, options), signal);
  }

  async delete<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, options: DeleteOptions = {}, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.verbs.delete(kind, key, options);
  }

  updateStatus<T extends KubernetesObject>(kind: Kind<T>, object: T, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return this.update(kind, object, { ...options, subresource: 'status' }, signal);
  }

  patchStatus<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return this.patch(kind, key, patch, { ...options, subresource: 'status' }, signal);
  }
}

/** A call that was made runs to its end; an aborted caller just does not hear of it. */
async function answer<T extends KubernetesObject>(call: () => Promise<KubernetesObject>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  const object = (await call()) as T;
  signal?.throwIfAborted();
  return object;
}
