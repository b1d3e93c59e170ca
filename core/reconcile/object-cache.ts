import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { keyOf } from '#core/client/client.ts';

/** What a change left, and what was there before; one of them may be missing, never both. */
export interface Change<T> {
  readonly object: T | undefined;
  readonly previous: T | undefined;
}

interface Index<T> {
  readonly of: (object: T) => Iterable<string>;
  readonly entries: Map<string, Map<string, T>>;
}

/** Objects by key and by index. Tells what each write changed; an object of the same name with another UID is another object. */
export class ObjectCache<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #indexFailed: (index: string, object: T, error: unknown) => void;

  /** @param indexFailed told when an index's function throws; the object is then under none of its values */
  constructor(indexFailed: (index: string, object: T, error: unknown) => void) {
    this.#indexFailed = indexFailed;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** @throws {Error} when another function is known under this name */
  addIndex(name: string, of: (object: T) => Iterable<string>): void {
    const known = this.#indexes.get(name);
    if (known?.of === of) return;
    if (known !== undefined) throw new Error(`there is an index "${name}" already, and it is another one`);
    const index: Index<T> = { of, entries: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) this.#enter(name, index, key, object);
  }

  /** @throws {Error} when there is no such index */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`there is no index "${name}"; known are: ${[...this.#indexes.keys()].join(', ') || 'none'}`);
    const found = index.entries.get(value);
    return found === undefined ? [] : [...found.values()];
  }

  /** Puts the object in place of what is there under its key. No change when that version is there already. */
  set(object: T): readonly Change<T>[] {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous !== undefined && sameVersion(previous, object)) return [];
    if (previous !== undefined) this.#leaveIndexes(key, previous);
    this.#objects.set(key, object);
    for (const [name, index] of this.#indexes) this.#enter(name, index, key, object);
    if (previous === undefined || previous.metadata.uid === object.metadata.uid) return [{ object, previous }];
    return [{ object: undefined, previous }, { object, previous: undefined }];
  }

  delete(key: string): readonly Change<T>[] {
    const previous = this.#objects.get(key);
    if (previous === undefined) return [];
    this.#objects.delete(key);
    this.#leaveIndexes(key, previous);
    return [{ object: undefined, previous }];
  }

  /** Makes these the only objects. Reports deletions first. */
  replace(objects: readonly T[]): readonly Change<T>[] {
    const listed = new Set(objects.map(keyOf));
    const gone = [...this.#objects.keys()].filter((key) => !listed.has(key));
    return [...gone.flatMap((key) => this.delete(key)), ...objects.flatMap((object) => this.set(object))];
  }

  #enter(name: string, index: Index<T>, key: string, object: T): void {
    for (const value of this.#valuesOf(name, index, object)) {
      const bucket = index.entries.get(value);
      if (bucket === undefined) index.entries.set(value, new Map([[key, object]]));
      else bucket.set(key, object);
    }
  }

  #leaveIndexes(key: string, object: T): void {
    for (const [name, index] of this.#indexes) {
      for (const value of this.#valuesOf(name, index, object)) {
        const bucket = index.entries.get(value);
        bucket?.delete(key);
        if (bucket?.size === 0) index.entries.delete(value);
      }
    }
  }

  #valuesOf(name: string, index: Index<T>, object: T): readonly string[] {
    try {
      return [...index.of(object)];
    } catch (error) {
      this.#indexFailed(name, object, error);
      return [];
    }
  }
}

const sameVersion = (a: KubernetesObject, b: KubernetesObject): boolean =>
  a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
