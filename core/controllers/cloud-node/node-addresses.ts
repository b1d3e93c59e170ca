import { canonicalIp, parseIp } from '#core/api/ip.ts';
import type { Node, NodeAddress } from '#core/api/schema/core-v1/node.ts';
import type { InstanceMetadata } from '#core/spi/instances.ts';

/** On a node: the address or addresses, one of each family, that its agent was told to use. */
export const providedIpAnnotation = 'alpha.kubernetes.io/provided-node-ip';

/** What the annotation asks for cannot be. */
export class ProvidedIpError extends Error {}

/**
 * The addresses that the node should show: those of the instance, among those of one type the provided ones first, and the names that the node gave itself where the
 * platform has none. Undefined when the platform tells none, and the node's own stay.
 *
 * @throws {ProvidedIpError}
 */
export function wantedAddresses(node: Node, { addresses }: InstanceMetadata): readonly NodeAddress[] | undefined {
  if (addresses.length === 0) return undefined;
  const provided = providedIps(node);
  const types = addresses.map(({ type }) => type);
  const texts = addresses.map(({ address }) => canonicalIp(address));
  const missing = provided.find((ip) => !texts.includes(ip));
  if (missing !== undefined) throw new ProvidedIpError(`failed to get node address from cloud provider that matches ip: ${missing}`);
  const rank = (address: string): number => {
    const place = provided.indexOf(canonicalIp(address));
    return place < 0 ? provided.length : place;
  };
  const sorted = addresses.map(({ type, address }): NodeAddress => ({ type, address }))
    .toSorted((a, b) => types.findIndex((type) => type === a.type) - types.findIndex((type) => type === b.type) || rank(a.address) - rank(b.address));
  const hostnames = types.includes('Hostname') ? [] : (node.status.addresses ?? []).filter(({ type }) => type === 'Hostname');
  return [...sorted, ...hostnames].filter(({ type, address }, i, all) => all.findIndex((one) => one.type === type && one.address === address) === i);
}

function providedIps({ metadata: { annotations } }: Node): readonly string[] {
  const text = annotations?.[providedIpAnnotation];
  if (text === undefined) return [];
  const ips = text.split(',', 3).map((part) => part.trim());
  if (ips.length > 2 || ips.some((ip) => parseIp(ip) === undefined)) throw new ProvidedIpError(`failed to parse node IP ${JSON.stringify(text.slice(0, 100))}`);
  return ips.map(canonicalIp);
}
