import { Cidr } from '#core/api/ip.ts';
import { CidrPool } from './cidr-pool.ts';

export interface NodeIpamSettings {
  /** Ranges of pod addresses, one or one per family; the first is that of `spec.podCIDR`. */
  readonly clusterCidrs: readonly string[];
  /** Prefix length of a node's IPv4 range; 24 by default. */
  readonly ipv4PrefixLength?: number;
  /** Prefix length of a node's IPv6 range; 64 by default. */
  readonly ipv6PrefixLength?: number;
  /** Ranges that nodes do not get, such as those of services. */
  readonly reserved?: readonly string[];
}

/** What a cluster has unless it is told otherwise. */
export const defaultClusterCidrs: readonly string[] = ['10.244.0.0/16'];

/** Which node, by UID, holds which ranges. */
export class NodeRanges {
  readonly #pools: readonly CidrPool[];
  readonly #held = new Map<string, readonly Cidr[]>();

  /** @throws {RangeError} when a range is none, or nothing can be cut out of it */
  constructor({ clusterCidrs, ipv4PrefixLength = 24, ipv6PrefixLength = 64, reserved = [] }: NodeIpamSettings) {
    this.#pools = clusterCidrs.map(parse).map((range) => new CidrPool(range, range.family === 'IPv4' ? ipv4PrefixLength : ipv6PrefixLength));
    for (const pool of this.#pools) for (const range of reserved.map(parse)) pool.hold(range);
  }

  /** The node has these ranges, whatever it was to get. */
  hold(uid: string, texts: readonly string[]): void {
    const ranges = texts.map((text) => Cidr.parse(text)).filter((range) => range !== undefined);
    for (const pool of this.#pools) for (const range of ranges) pool.hold(range);
    this.release(uid);
    this.#held.set(uid, ranges);
  }

  /** One range for the node out of each of the cluster's, the same ones until it is released; undefined when there is none left. */
  reserve(uid: string): readonly string[] | undefined {
    const held = this.#held.get(uid);
    if (held !== undefined) return held.map(String);
    if (this.#pools.some(({ free }) => free === 0)) return undefined;
    const ranges = this.#pools.map((pool) => pool.take()).filter((text) => text !== undefined);
    this.#held.set(uid, ranges.map(parse));
    return ranges;
  }

  /** The node is gone. */
  release(uid: string): void {
    for (const pool of this.#pools) for (const range of this.#held.get(uid) ?? []) pool.release(range);
    this.#held.delete(uid);
  }

  /** Nobody else holds anything: forgets nodes that went unnoticed. */
  releaseOthers(uids: ReadonlySet<string>): void {
    for (const uid of this.#held.keys()) if (!uids.has(uid)) this.release(uid);
  }
}

function parse(text: string): Cidr {
  const range = Cidr.parse(text);
  if (range === undefined) throw new RangeError(`${JSON.stringify(text)} is no range of addresses such as 10.244.0.0/16`);
  return range;
}
