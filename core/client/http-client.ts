import { apiVersionOf, resourceName, type Draft, type Kind, type KubernetesObject, type ObjectList } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepFreeze } from '#core/api/value.ts';
import type { Client, DeleteOptions, ListOptions, ObjectKey, Patch, WatchEvent, WatchOptions, WriteOptions } from './client.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { failureOfEvent } from './http-failure.ts';
import { HttpTransport, type HttpOptions } from './http-transport.ts';
import { lines } from './lines.ts';
import { collectionPath, creationPath, objectPath, withQuery } from './resource-path.ts';

export interface HttpClientOptions extends HttpOptions {
  /** Largest event of a watch in bytes. 16 MiB by default. */
  readonly maxEventBytes?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Watches end after this long and a random part of the same again, so that a server's clients do not come back all at once. */
const watchSeconds = 300;

const contentTypes: Readonly<Record<Patch['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

const eventTypes: readonly string[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'] satisfies WatchEvent<unknown>['type'][];

/**
 * The client for an API server over HTTP. What goes wrong on the way is a `StatusError` too: `ServiceUnavailable` when
 * no answer came, `Timeout` when it did not come in time; a write may then have been done or not.
 */
export class HttpClient implements Client {
  readonly #transport: HttpTransport;
  readonly #options: HttpClientOptions;

  constructor(connection: ClusterConnection, options: HttpClientOptions) {
    this.#transport = new HttpTransport(connection, options);
    this.#options = options;
  }

  /** Closes all connections; what is under way fails. */
  close(): void {
    this.#transport.close();
  }

  async get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, signal?: AbortSignal): Promise<T> {
    return received<T>(await this.#transport.json({ method: 'GET', path: objectPath(kind, key) }, signal));
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions = {}, signal?: AbortSignal): Promise<ObjectList<T>> {
    const { namespace, ...query } = options;
    const answer = await this.#transport.json({ method: 'GET', path: withQuery(collectionPath(kind, namespace), query) }, signal);
    const list = answer as Omit<ObjectList<T>, 'items'> & { items: T[] | null };
    // Servers may leave out of a list's items what all of them have in common.
    const names = { apiVersion: apiVersionOf(kind), kind: kind.kind };
    return deepFreeze({ ...list, items: (list.items ?? []).map((item) => ({ ...names, ...item })) });
  }

  async *watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const { namespace, bookmarks, ...query } = options;
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + (this.#options.random ?? Math.random)()));
    const path = withQuery(collectionPath(kind, namespace), { watch: true, ...query, allowWatchBookmarks: bookmarks, timeoutSeconds });
    const chunks = this.#transport.stream({ method: 'GET', path }, (timeoutSeconds + 30) * 1000, signal);
    const what = `watch of ${resourceName(kind)}`;
    try {
      for await (const line of lines(chunks, this.#options.maxEventBytes ?? 16 * 2 ** 20)) {
        if (line !== '') yield parseEvent<T>(line, what);
      }
    } catch (error) {
      if (error instanceof RangeError) throw new StatusError('InternalError', `${what}: ${error.message}`, undefined, { cause: error });
      throw error;
    }
  }

  async create<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    const { namespace, name = '' } = object.metadata;
    // What is created under a subresource, such as a binding, is posted to the object that it is about.
    const path = options.subresource === undefined ? creationPath(kind, namespace) : objectPath(kind, { namespace, name }, options.subresource);
    // It may be of another kind than that object, as a TokenRequest is: then it says so itself.
    const body = options.subresource === undefined ? bodyOf(kind, object) : JSON.stringify(Object.assign({ apiVersion: apiVersionOf(kind), kind: kind.kind }, object));
    return received<T>(await this.#transport.json({ method: 'POST', path: withWriteOptions(path, options), body }, signal));
  }

  async update<T extends KubernetesObject>(kind: Kind<T>, object: T, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    const path = withWriteOptions(objectPath(kind, object.metadata, options.subresource), options);
    return received<T>(await this.#transport.json({ method: 'PUT', path, body: bodyOf(kind, object) }, signal));
  }

  updateStatus<T extends KubernetesObject>(kind: Kind<T>, object: T, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return this.update(kind, object, { ...options, subresource: 'status' }, signal);
  }

  async patch<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    const path = withWriteOptions(objectPath(kind, key, options.subresource), options);
    const body = JSON.stringify(patch.type === 'json' ? patch.operations : patch.document);
    return received<T>(await this.#transport.json({ method: 'PATCH', path, body, contentType: contentTypes[patch.type] }, signal));
  }

  patchStatus<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return this.patch(kind, key, patch, { ...options, subresource: 'status' }, signal);
  }

  async delete<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, options: DeleteOptions = {}, signal?: AbortSignal): Promise<void> {
    const { dryRun, gracePeriodSeconds, preconditions, propagationPolicy, subresource } = options;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds, preconditions, propagationPolicy, ...(dryRun === true ? { dryRun: ['All'] } : {}) };
    await this.#transport.json({ method: 'DELETE', path: objectPath(kind, key, subresource), body: JSON.stringify(body) }, signal);
  }
}

/** The server answers with the kind that was asked for; that is its side of the protocol. */
const received = <T>(answer: unknown): T => deepFreeze(answer as T);

const withWriteOptions = (path: string, { dryRun, fieldManager }: WriteOptions): string =>
  withQuery(path, { dryRun: dryRun === true ? 'All' : undefined, fieldManager });

const bodyOf = <T extends KubernetesObject>(kind: Kind<T>, object: Draft<T> | T): string =>
  JSON.stringify(Object.assign({}, object, { apiVersion: apiVersionOf(kind), kind: kind.kind }));

function parseEvent<T>(line: string, what: string): WatchEvent<T> {
  let event: { type?: unknown; object?: unknown };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (cause) {
    throw new StatusError('InternalError', `${what}: an event is no JSON: ${JSON.stringify(line.slice(0, 100))}`, undefined, { cause });
  }
  if (event.type === 'ERROR') throw failureOfEvent(event.object, what);
  if (typeof event.type !== 'string' || !eventTypes.includes(event.type)) throw new StatusError('InternalError', `${what}: unknown type of event ${JSON.stringify(event.type)}`);
  return deepFreeze(event as WatchEvent<T>);
}
