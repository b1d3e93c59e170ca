import type { Nominations } from './model/nominations.ts';
import type { NodeInfo } from './model/node-info.ts';
import type { PodInfo } from './model/pod-info.ts';
import type { FilterPlugin, NodeFilter, Verdict } from './plugin.ts';

interface Prepared {
  readonly name: string;
  readonly filter: NodeFilter;
}

/** All rules for one pod, ready to be held against nodes. */
export class PodFilters {
  readonly pod: PodInfo;
  readonly #nominations: Nominations;
  readonly #prepared: readonly Prepared[];
  readonly rejection: Verdict | undefined;
  /** The plugin that said no last. */
  lastRefusal = '';

  constructor(pod: PodInfo, plugins: readonly FilterPlugin[], nominations: Nominations) {
    this.pod = pod;
    this.#nominations = nominations;
    const prepared: Prepared[] = [];
    for (const plugin of plugins) {
      const filter = plugin.filter(pod);
      if (filter === undefined) continue;
      if ('rejected' in filter) {
        this.rejection = filter.rejected;
        this.lastRefusal = plugin.name;
        break;
      }
      prepared.push({ name: plugin.name, filter });
    }
    this.#prepared = prepared;
  }

  /** Names of the only nodes that can do, and the plugins that say so. */
  get only(): { readonly names: ReadonlySet<string>; readonly plugins: readonly string[] } | undefined {
    const limits = this.#prepared.flatMap(({ name, filter: { only } }) => (only === undefined ? [] : [{ name, only }]));
    const [first] = limits;
    if (first === undefined) return undefined;
    const names = new Set([...first.only].filter((name) => limits.every(({ only }) => only.has(name))));
    return { names, plugins: limits.map(({ name }) => name) };
  }

  /**
   * Whether the pod may be on the node, also when pods of at least its priority for which room is being made there have come. Without
   * them too: they might not come, and company of theirs does not count.
   */
  check(node: NodeInfo): Verdict | undefined {
    if (this.#nominations.size === 0) return this.checkAsIs(node);
    const expected = this.#nominations.on(node.name).filter(({ uid, priority }) => uid !== this.pod.uid && priority >= this.pod.priority && !node.pods.has(uid));
    if (expected.length === 0) return this.checkAsIs(node);
    return this.#checkWith(expected, node) ?? this.checkAsIs(node);
  }

  /** The pods are put on the node for the moment: much cheaper than a copy of it. */
  #checkWith(expected: readonly PodInfo[], node: NodeInfo): Verdict | undefined {
    try {
      for (const pod of expected) {
        node.add(pod);
        this.added(pod, node);
      }
      return this.checkAsIs(node);
    } finally {
      for (const pod of expected) if (node.remove(pod)) this.removed(pod, node);
    }
  }

  checkAsIs(node: NodeInfo): Verdict | undefined {
    for (const { name, filter } of this.#prepared) {
      const verdict = filter.check(node);
      if (verdict === undefined) continue;
      this.lastRefusal = name;
      return verdict;
    }
    return undefined;
  }

  added(pod: PodInfo, node: NodeInfo): void {
    for (const { filter } of this.#prepared) filter.added?.(pod, node);
  }

  removed(pod: PodInfo, node: NodeInfo): void {
    for (const { filter } of this.#prepared) filter.removed?.(pod, node);
  }
}
