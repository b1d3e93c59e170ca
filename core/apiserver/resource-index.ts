import { apiVersionOf, type KindNames } from '#core/api/schema/kind.ts';
import type { AnyResource } from '#core/registry/resource.ts';

/** Called when what is served has changed. */
export type IndexListener = () => void;

/** The resources that are served, found by how a URL names them. Custom ones come and go. */
export class ResourceIndex {
  private readonly owners = new Map<string, readonly AnyResource[]>();
  private readonly listeners = new Set<IndexListener>();
  private byUrl = new Map<string, AnyResource>();
  private list: readonly AnyResource[] = [];

  /** @param builtIn those that are always there */
  constructor(builtIn: readonly AnyResource[]) {
    this.set('', builtIn);
  }

  get all(): readonly AnyResource[] {
    return this.list;
  }

  /**
   * Makes `resources` all that `owner` (the name of a CustomResourceDefinition) serves; none takes it out.
   * @throws {TypeError} when another owner serves one of them; then nothing changes
   */
  set(owner: string, resources: readonly AnyResource[]): void {
    const owners = new Map(this.owners);
    if (resources.length === 0) owners.delete(owner);
    else owners.set(owner, resources);
    const byUrl = new Map<string, AnyResource>();
    for (const resource of [...owners.values()].flat()) {
      const key = urlKey(resource.kind);
      if (byUrl.has(key)) throw new TypeError(`the resource ${key} is listed twice`);
      byUrl.set(key, resource);
    }
    if (resources.length === 0) this.owners.delete(owner);
    else this.owners.set(owner, resources);
    this.byUrl = byUrl;
    this.list = [...byUrl.values()];
    for (const listener of this.listeners) listener();
  }

  /** Returns an unsubscribe function. */
  onChange(listener: IndexListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  find(group: string, version: string, plural: string): AnyResource | undefined {
    return this.byUrl.get(`${group}/${version}/${plural}`);
  }

  of(kind: KindNames): AnyResource {
    const found = this.byUrl.get(urlKey(kind));
    if (!found) throw new TypeError(`the server has no resource for ${apiVersionOf(kind)} ${kind.kind}`);
    return found;
  }

  /** All resources that show the same stored objects, itself among them. */
  equivalents({ kind, storedAs }: AnyResource): readonly AnyResource[] {
    const { group, plural } = storedAs?.kind ?? kind;
    return this.list.filter((other) => {
      const stored = other.storedAs?.kind ?? other.kind;
      return stored.group === group && stored.plural === plural;
    });
  }

  groupVersion(group: string, version: string): readonly AnyResource[] {
    return this.list.filter(({ kind }) => kind.group === group && kind.version === version);
  }
}

const urlKey = (kind: Pick<KindNames, 'group' | 'version' | 'plural'>): string => `${kind.group}/${kind.version}/${kind.plural}`;
