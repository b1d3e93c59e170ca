import type { Resource } from './json.ts';
import { collectionOf, type Path } from './links.ts';

interface Version {
  readonly at: number;
  readonly resource: Resource | undefined;
}

/** How long what was true is kept for readers that lag, in milliseconds. */
const kept = 60_000;

export type Listener = (path: Path, resource: Resource | undefined) => void;

/** What exists, and what a reader sees of it that lags behind. */
export class ResourceStore {
  readonly #collections = new Map<Path, Map<Path, Version[]>>();
  readonly #listeners = new Set<Listener>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The newest state, also one that no reader sees yet. */
  get(path: Path): Resource | undefined {
    return this.#collections.get(collectionOf(path))?.get(path)?.at(-1)?.resource;
  }

  /** What a reader sees at a time. */
  read(path: Path, time: number): Resource | undefined {
    return seen(this.#collections.get(collectionOf(path))?.get(path), time);
  }

  /** @param visible from when readers see it, now when absent */
  put(path: Path, resource: Resource, visible: number = this.#now()): void {
    this.#write(path, { at: visible, resource });
  }

  remove(path: Path): void {
    this.#write(path, { at: this.#now(), resource: undefined });
  }

  /** What is in a collection now, by name. */
  in(collection: Path): readonly Resource[] {
    const found = [...(this.#collections.get(collection)?.values() ?? [])].map((versions) => versions.at(-1)?.resource);
    return found.filter((each) => each !== undefined).toSorted(byName);
  }

  /** What a reader sees of a collection at a time, by name. */
  list(collection: Path, time: number): readonly Resource[] {
    const found = [...(this.#collections.get(collection)?.values() ?? [])].map((versions) => seen(versions, time));
    return found.filter((each) => each !== undefined).toSorted(byName);
  }

  /** Everything of a collection's name in a project, whatever its scope; all projects' where none is given. */
  everywhere(collection: string, project?: string): readonly Resource[] {
    const start = project === undefined ? 'projects/' : `projects/${project}/`;
    const paths = [...this.#collections.keys()].filter((path) => path.startsWith(start) && path.endsWith(`/${collection}`));
    return paths.flatMap((path) => this.in(path));
  }

  collections(): readonly Path[] {
    return [...this.#collections.keys()].toSorted();
  }

  /** Calls on every change; what it gives ends that. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(path: Path, version: Version): void {
    const collection = this.#collections.get(collectionOf(path)) ?? new Map<Path, Version[]>();
    this.#collections.set(collectionOf(path), collection);
    const versions = [...(collection.get(path) ?? []), version];
    const oldest = versions.findLastIndex(({ at }) => at < this.#now() - kept);
    collection.set(path, versions.slice(Math.max(0, oldest)));
    if (version.resource === undefined) this.#forgetOld(collection);
    for (const listener of this.#listeners) listener(path, version.resource);
  }

  #forgetOld(collection: Map<Path, Version[]>): void {
    for (const [path, versions] of collection) {
      const last = versions.at(-1);
      if (last !== undefined && last.resource === undefined && last.at < this.#now() - kept) collection.delete(path);
    }
  }
}

function seen(versions: readonly Version[] | undefined, time: number): Resource | undefined {
  return versions?.findLast(({ at }) => at <= time)?.resource;
}

function byName(left: Resource, right: Resource): number {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}
