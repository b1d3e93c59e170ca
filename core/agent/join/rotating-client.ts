import type { Draft, Kind, KubernetesObject, ObjectList } from '#core/api/schema/kind.ts';
import type { Client, DeleteOptions, ListOptions, ObjectKey, Patch, WatchEvent, WatchOptions, WriteOptions } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';

/** A client that holds connections. */
export type ClosableClient = Client & { close(): void };

/** Requests that are under way when a client is replaced have so long. */
const graceMs = 60_000;

/** A client that can be exchanged for one with a newer certificate while others hold it. */
export class RotatingClient implements Client {
  readonly #clock: Clock;
  #client: ClosableClient;
  readonly #retired = new Map<ClosableClient, () => void>();

  constructor(client: ClosableClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** What begins from now on goes through `client`. */
  replace(client: ClosableClient): void {
    const old = this.#client;
    this.#client = client;
    const cancel = this.#clock.after(graceMs, () => {
      this.#retired.delete(old);
      old.close();
    });
    this.#retired.set(old, cancel);
  }

  close(): void {
    for (const [client, cancel] of this.#retired) {
      cancel();
      client.close();
    }
    this.#retired.clear();
    this.#client.close();
  }

  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, signal?: AbortSignal): Promise<T> {
    return this.#client.get(kind, key, signal);
  }

  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions, signal?: AbortSignal): Promise<ObjectList<T>> {
    return this.#client.list(kind, options, signal);
  }

  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
    return this.#client.watch(kind, options, signal);
  }

  create<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions, signal?: AbortSignal): Promise<T> {
    return this.#client.create(kind, object, options, signal);
  }

  update<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T> {
    return this.#client.update(kind, object, options, signal);
  }

  patch<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options?: WriteOptions, signal?: AbortSignal): Promise<T> {
    return this.#client.patch(kind, key, patch, options, signal);
  }

  delete<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, options?: DeleteOptions, signal?: AbortSignal): Promise<void> {
    return this.#client.delete(kind, key, options, signal);
  }

  updateStatus<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T> {
    return this.#client.updateStatus(kind, object, options, signal);
  }

  patchStatus<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options?: WriteOptions, signal?: AbortSignal): Promise<T> {
    return this.#client.patchStatus(kind, key, patch, options, signal);
  }
}
