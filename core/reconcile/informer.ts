import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { token } from '#core/kernel/token.ts';

/** Called with the state after and before a change; undefined where there is none. */
export type ChangeHandler<T> = (object: T | undefined, previous: T | undefined) => void;

/**
 * A local copy of all objects of a kind, kept true by list and watch. It resumes from the last version seen and lists again after 410.
 * Objects are frozen and shared. What it shows is the past: before something irreversible, ask the API.
 */
export interface Informer<T extends KubernetesObject> {
  readonly kind: Kind<T>;
  /** By `namespace/name` or `name`. */
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
  readonly size: number;
  /** Adds an index before the informer runs; each object is found under every value that `of` gives. */
  addIndex(name: string, of: (object: T) => Iterable<string>): void;
  /** @throws {Error} when there is no such index */
  byIndex(name: string, value: string): readonly T[];
  /** The handler is told of every object that is there already, as new, and of each change. Returns an unsubscribe function. */
  subscribe(handler: ChangeHandler<T>): () => void;
  /** True once the first list has been taken in. */
  readonly synced: boolean;
  whenSynced(signal: AbortSignal): Promise<void>;
}

/** One shared informer per kind; asking for one makes the Manager run it. */
export interface Informers {
  for<T extends KubernetesObject>(kind: Kind<T>): Informer<T>;
  /** The kind is not served any more: its informer ends, and its copy is forgotten. */
  drop(kind: Kind): void;
}
export const Informers = token<Informers>('Informers');
