import type { Draft, Kind, KubernetesObject, ObjectList } from '#core/api/schema/kind.ts';
import { token } from '#core/kernel/token.ts';

/** `namespace` is undefined for cluster-wide kinds. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface ListOptions {
  /** All namespaces when undefined. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Undefined: the newest state. `0`: any. Otherwise at least as new as this. */
  readonly resourceVersion?: string | undefined;
  /** Page size; everything in one answer when undefined. */
  readonly limit?: number | undefined;
  /** The `metadata.continue` of the page before. */
  readonly continue?: string | undefined;
}

export interface WatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Events after this version. Undefined or `0`: first an ADDED for each object that exists, then what happens. */
  readonly resourceVersion?: string | undefined;
  /** Also deliver BOOKMARK events, whose object has only `metadata.resourceVersion`. */
  readonly bookmarks?: boolean | undefined;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface WriteOptions {
  /** Do everything but store it. */
  readonly dryRun?: boolean | undefined;
  readonly fieldManager?: string | undefined;
  /** Write through this subresource, such as `finalize` of a Namespace; for the status there is `StatusWriter`. */
  readonly subresource?: string | undefined;
}

export interface DeleteOptions extends WriteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
}

export type Patch =
  | { readonly type: 'json'; readonly operations: readonly unknown[] }
  | { readonly type: 'merge' | 'strategic'; readonly document: Readonly<Record<string, unknown>> };

/**
 * Reads through the API. Objects that come back are shared and frozen: copy before changing.
 * Every method rejects with a `StatusError` when the server refuses, and with the signal's reason when that aborts.
 */
export interface Reader {
  /** The newest state. @throws {StatusError} NotFound */
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, signal?: AbortSignal): Promise<T>;
  /** @throws {StatusError} Expired when `continue` is too old */
  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions, signal?: AbortSignal): Promise<ObjectList<T>>;
  /**
   * Ends without an error when the server ends it (reconnect from the last version seen);
   * throws `StatusError` `Expired` when the version is too old: list again.
   */
  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
}
export const Reader = token<Reader>('Reader');

/** Writes through the API, with its defaults, validation and admission. */
export interface Writer {
  /** @throws {StatusError} AlreadyExists, Invalid, Forbidden … */
  create<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
  /** Replaces everything but the status. @throws {StatusError} Conflict when `metadata.resourceVersion` is not the newest */
  update<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
  /** A `metadata.resourceVersion` or `metadata.uid` inside the patch is a condition. */
  patch<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
  /** Resolves also when the object stays until its finalizers are gone. @throws {StatusError} NotFound, Conflict */
  delete<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, options?: DeleteOptions, signal?: AbortSignal): Promise<void>;
}
export const Writer = token<Writer>('Writer');

/** Writes the status subresource and nothing else. */
export interface StatusWriter {
  updateStatus<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
  patchStatus<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
}
export const StatusWriter = token<StatusWriter>('StatusWriter');

/** In-process and remote clients are this same interface; nobody can tell which one they hold. */
export interface Client extends Reader, Writer, StatusWriter {}
export const Client = token<Client>('Client');

/** `namespace/name`, or `name` for cluster-wide objects: the usual queue key. */
export const keyOf = (object: { metadata: { namespace?: string | undefined; name: string } }): string =>
  object.metadata.namespace === undefined || object.metadata.namespace === '' ? object.metadata.name : `${object.metadata.namespace}/${object.metadata.name}`;

export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
