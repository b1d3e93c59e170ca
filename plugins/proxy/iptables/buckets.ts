import type { Bucket } from './names.ts';

/** A rule and the chains that lead to it, the one in which it stands first. */
export interface Entry {
  readonly path: readonly Bucket[];
  /** Without the chain. */
  readonly rule: string;
}

interface Node {
  readonly bucket: Bucket;
  readonly parent: string | undefined;
  /** By owner and number. */
  readonly rules: Map<string, string>;
  readonly children: Set<string>;
}

/**
 * Rules of many owners, spread over chains so that none is long: a packet passes a few dozen rules, and a change rewrites one chain,
 * however many owners there are.
 */
export class Buckets {
  readonly #nodes = new Map<string, Node>();
  readonly #owned = new Map<string, readonly Entry[]>();
  readonly #touched = new Set<string>();

  /** Replaces what the owner had. */
  put(owner: string, entries: readonly Entry[]): void {
    for (const [index, entry] of (this.#owned.get(owner) ?? []).entries()) this.#take(`${owner} ${index}`, entry);
    if (entries.length === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, entries);
    for (const [index, entry] of entries.entries()) this.#add(`${owner} ${index}`, entry);
  }

  /** The buckets that nothing here leads to. */
  tops(): readonly Bucket[] {
    return [...this.#nodes.values()].filter(({ parent }) => parent === undefined).map(({ bucket }) => bucket).toSorted((a, b) => (a.chain < b.chain ? -1 : 1));
  }

  /** Chains whose rules may have changed since the last call, with their rules; undefined when there is no such chain any more. */
  takeTouched(): ReadonlyMap<string, readonly string[] | undefined> {
    const touched = new Map([...this.#touched].map((chain) => [chain, this.#rulesOf(chain)] as const));
    this.#touched.clear();
    return touched;
  }

  #rulesOf(chain: string): readonly string[] | undefined {
    const node = this.#nodes.get(chain);
    if (node === undefined) return undefined;
    const children = [...node.children].toSorted().flatMap((child) => {
      const bucket = this.#nodes.get(child)?.bucket;
      return bucket === undefined ? [] : [`${bucket.match} -g ${bucket.chain}`];
    });
    // Two owners of one address: the same one wins in every process.
    const rules = [...node.rules].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
    return [...children, ...rules];
  }

  #add(id: string, { path, rule }: Entry): void {
    for (const [level, bucket] of path.entries()) {
      const above = path[level + 1];
      const node = this.#nodes.get(bucket.chain) ?? { bucket, parent: above?.chain, rules: new Map(), children: new Set() };
      const below = path[level - 1];
      if (below === undefined) node.rules.set(id, rule);
      else if (node.children.has(below.chain)) return;
      else node.children.add(below.chain);
      this.#nodes.set(bucket.chain, node);
      this.#touched.add(bucket.chain);
    }
  }

  #take(id: string, { path }: Entry): void {
    for (const [level, { chain }] of path.entries()) {
      const node = this.#nodes.get(chain);
      const below = path[level - 1];
      if (node === undefined) return;
      if (below === undefined) node.rules.delete(id);
      else node.children.delete(below.chain);
      this.#touched.add(chain);
      if (node.rules.size + node.children.size > 0) return;
      this.#nodes.delete(chain);
    }
  }
}
