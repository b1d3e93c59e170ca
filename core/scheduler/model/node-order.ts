import type { NodeInfo } from './node-info.ts';

const zoneKeys = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] as const;

export const zoneOf = (node: NodeInfo): string => zoneKeys.map((key) => node.label(key) ?? '').join(':');

/** All nodes, zone by zone in turn, so that whoever looks at a part of them sees all zones. */
export class NodeOrder {
  readonly #zones = new Map<string, Set<NodeInfo>>();
  readonly #zoneOf = new Map<NodeInfo, string>();
  #order: readonly NodeInfo[] | undefined;

  get nodes(): readonly NodeInfo[] {
    return (this.#order ??= this.#interleave());
  }

  add(node: NodeInfo): void {
    const zone = zoneOf(node);
    const members = this.#zones.get(zone) ?? new Set();
    this.#zones.set(zone, members.add(node));
    this.#zoneOf.set(node, zone);
    this.#order = undefined;
  }

  remove(node: NodeInfo): void {
    const zone = this.#zoneOf.get(node);
    if (zone === undefined) return;
    this.#zoneOf.delete(node);
    const members = this.#zones.get(zone);
    members?.delete(node);
    if (members?.size === 0) this.#zones.delete(zone);
    this.#order = undefined;
  }

  /** The node's labels changed. */
  moved(node: NodeInfo): void {
    if (this.#zoneOf.get(node) === zoneOf(node)) return;
    this.remove(node);
    this.add(node);
  }

  #interleave(): readonly NodeInfo[] {
    const order: NodeInfo[] = [];
    let zones = [...this.#zones.values()].map((members) => members.values());
    while (zones.length > 0) {
      zones = zones.filter((members) => {
        const next = members.next();
        if (next.done !== true) order.push(next.value);
        return next.done !== true;
      });
    }
    return order;
  }
}
