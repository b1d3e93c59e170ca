import type { Node } from '#core/api/schema/core-v1/node.ts';
import { deepEqual } from '#core/api/value.ts';
import { isNodeReady } from '#core/controllers/nodes/conditions.ts';
import type { ZoneCount } from './disruption.ts';
import { awaitsEviction } from './wanted-taints.ts';

interface Entry {
  readonly zone: string;
  readonly isCounted: boolean;
  readonly isReady: boolean;
  readonly waits: boolean;
}

interface Zone extends ZoneCount {
  size: number;
  unready: number;
  /** Those that do not count, too. */
  members: number;
  /** Names of nodes, first come first. */
  readonly waiting: Set<string>;
}

/** Nodes with this label say nothing of the health of their zone. */
const excludedLabel = 'node.kubernetes.io/exclude-disruption';
const labelOf = ({ metadata: { labels = {} } }: Node, stable: string, beta: string): string => labels[stable] ?? labels[beta] ?? '';

function zoneOf(node: Node): string {
  const region = labelOf(node, 'topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region');
  const zone = labelOf(node, 'topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone');
  return `${region}/${zone}`;
}

const entryOf = (node: Node): Entry => ({
  zone: zoneOf(node), isCounted: node.metadata.labels?.[excludedLabel] === undefined, isReady: isNodeReady(node), waits: awaitsEviction(node),
});

/** Counts nodes by zone and by how they are, a change at a time. */
export class Zones {
  readonly all = new Map<string, Zone>();
  readonly #entries = new Map<string, Entry>();

  /** False when nothing changed that counts. */
  note(node: Node): boolean {
    const { name } = node.metadata;
    const entry = entryOf(node);
    const known = this.#entries.get(name);
    if (deepEqual(known, entry)) return false;
    this.forget(name, known?.zone === entry.zone && entry.waits);
    this.#entries.set(name, entry);
    const zone = this.all.get(entry.zone) ?? { size: 0, unready: 0, members: 0, waiting: new Set<string>() };
    this.all.set(entry.zone, zone);
    zone.members++;
    if (entry.isCounted) zone.size++;
    if (entry.isCounted && !entry.isReady) zone.unready++;
    if (entry.waits) zone.waiting.add(name);
    return true;
  }

  /** @param keepsPlace it comes again at once, and waits where it did */
  forget(name: string, keepsPlace = false): void {
    const entry = this.#entries.get(name);
    const zone = entry && this.all.get(entry.zone);
    if (entry === undefined || zone === undefined) return;
    this.#entries.delete(name);
    zone.members--;
    if (entry.isCounted) zone.size--;
    if (entry.isCounted && !entry.isReady) zone.unready--;
    if (!keepsPlace) zone.waiting.delete(name);
    if (zone.members === 0 && !keepsPlace) this.all.delete(entry.zone);
  }
}
