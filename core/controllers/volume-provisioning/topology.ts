import { Node } from '#core/api/schema/core-v1/node.ts';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { CSINode, type StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Reader } from '#core/client/client.ts';
import { annotationOf } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { annotations } from '#core/api/storage/names.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { TopologySegment, VolumeDriver } from '#core/spi/volume-driver.ts';
import type { Topology } from './intent.ts';

/** The node that was chosen for the claim's pod cannot have the volume; the scheduler must choose another. */
export class RescheduleError extends Error {
  override readonly name = 'RescheduleError';
}

const hostname = 'kubernetes.io/hostname';
/** More combinations of allowed topologies than this are a mistake. */
const mostSegments = 1000;

/** Says where a claim's volume must be reachable from. */
export class TopologyPlanner {
  readonly #nodes: Informer<Node>;
  readonly #csiNodes: Informer<CSINode>;
  readonly #reader: Reader;

  constructor(informers: Informers, reader: Reader) {
    this.#nodes = informers.for(Node);
    this.#csiNodes = informers.for(CSINode);
    this.#reader = reader;
  }

  /** Undefined for anywhere. @throws {RescheduleError} @throws {ProviderError} Invalid, Unavailable */
  async plan(claim: PersistentVolumeClaim, storageClass: StorageClass, driver: VolumeDriver, signal: AbortSignal): Promise<Topology | undefined> {
    const allowed = allowedSegments(storageClass);
    const nodeName = annotationOf(claim, annotations.selectedNode) ?? '';
    if (nodeName !== '') return this.#ofNode(nodeName, allowed, driver, signal);
    if (allowed.length === 0) return undefined;
    return { requisite: allowed, preferred: rotated(allowed, spreadOf(claim.metadata.name)) };
  }

  async #ofNode(nodeName: string, allowed: readonly TopologySegment[], driver: VolumeDriver, signal: AbortSignal): Promise<Topology | undefined> {
    const node = this.#nodes.get(nodeName) ?? (await live(this.#reader, Node, { name: nodeName }, signal));
    if (node === undefined) throw new RescheduleError(`node "${nodeName}", which was selected for the claim, does not exist`);
    const keys = this.#csiNodes.get(nodeName)?.spec.drivers.find(({ name }) => name === driver.name)?.topologyKeys ?? [hostname];
    if (keys.length === 0) return undefined;
    const segment: Record<string, string> = {};
    for (const key of keys) {
      // The label's value counts, never the node's name: the two may differ.
      const value = node.metadata.labels?.[key];
      if (value === undefined) throw new ProviderError('Unavailable', `node "${nodeName}" lacks the label ${key}, by which driver ${driver.name} places volumes`);
      segment[key] = value;
    }
    if (!lies(segment, allowed)) {
      throw new RescheduleError(`node "${nodeName}", which was selected for the claim, is outside the allowedTopologies of its storage class`);
    }
    return { requisite: [segment], preferred: [segment] };
  }
}

/** Whether the class would allow this topology today. */
export const isAllowed = ({ requisite, preferred }: Topology, storageClass: StorageClass): boolean =>
  [...requisite, ...preferred].every((segment) => lies(segment, allowedSegments(storageClass)));

const lies = (segment: TopologySegment, allowed: readonly TopologySegment[]): boolean =>
  allowed.length === 0 || allowed.some((one) => Object.entries(one).every(([key, value]) => segment[key] === value));

/** Every combination that the class's terms allow, sorted, without duplicates. @throws {ProviderError} Invalid */
function allowedSegments({ allowedTopologies, metadata }: StorageClass): TopologySegment[] {
  const found = new Map<string, TopologySegment>();
  for (const { matchLabelExpressions = [] } of allowedTopologies ?? []) {
    let segments: TopologySegment[] = matchLabelExpressions.length === 0 ? [] : [{}];
    for (const { key, values } of matchLabelExpressions.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
      if (segments.length * values.length > mostSegments) {
        throw new ProviderError('Invalid', `allowedTopologies of storage class "${metadata.name}" make more than ${mostSegments} combinations`);
      }
      segments = segments.flatMap((segment) => values.map((value) => ({ ...segment, [key]: value })));
    }
    for (const segment of segments) found.set(JSON.stringify(segment), segment);
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, segment]) => segment);
}

const rotated = <T>(items: readonly T[], by: number): T[] => [...items.slice(by % items.length), ...items.slice(0, by % items.length)];

/**
 * A number that differs by one between `data-web-0` and `data-web-1` and is equal for `data-web-0` and `logs-web-0`: so the members
 * of a StatefulSet are spread over the segments, and all volumes of one member stand together.
 */
export function spreadOf(claimName: string): number {
  const [, prefix = claimName, ordinal = '0'] = /^(.*)-(\d{1,9})$/.exec(claimName) ?? [];
  const hashed = prefix === claimName ? claimName : prefix.slice(prefix.lastIndexOf('-') + 1);
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(hashed)) hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  return hash + Number(ordinal);
}
