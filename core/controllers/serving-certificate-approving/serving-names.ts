import { parseIp } from '#core/api/ip.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { CertificateRequest } from '#core/spi/certificate-signer.ts';

const usable = (address: string): boolean => parseIp(address) !== undefined && !/^(127\.|0\.|169\.254\.|22[4-9]\.|23\d\.|::1?$|fe[89ab]|ff)/i.test(address);

/**
 * Why a node may not serve under the names that it asks for; undefined when it may. Addresses of nodes are what nodes say of themselves, so that
 * it takes more than that: a name is the node's own only, and an address is nobody else's.
 *
 * @param reserved names and addresses of the control plane
 */
export function servingProblem({ dnsNames, ipAddresses }: CertificateRequest, node: Node, others: Iterable<Node>, reserved: ReadonlySet<string>): string | undefined {
  const { name } = node.metadata;
  const foreign = dnsNames.find((wanted) => wanted !== name);
  if (foreign !== undefined) return `it asks for the name "${foreign}", and the node is called "${name}"`;
  const clash = [...dnsNames, ...ipAddresses].find((wanted) => reserved.has(wanted)) ?? dnsNames.find((wanted) => wanted === 'localhost' || /\.(svc|cluster\.local)$/.test(wanted));
  if (clash !== undefined) return `"${clash}" belongs to the control plane or to a service`;
  const own = addressesOf(node);
  const strange = ipAddresses.find((wanted) => !own.has(wanted) || !usable(wanted));
  if (strange !== undefined) return `"${strange}" is not among the addresses of the node "${name}"`;
  for (const other of others) {
    if (other.metadata.name === name) continue;
    const addresses = addressesOf(other);
    const shared = ipAddresses.find((wanted) => addresses.has(wanted));
    if (shared !== undefined) return `the node "${other.metadata.name}" has the address "${shared}" too`;
  }
  return undefined;
}

const addressesOf = ({ status }: Node): ReadonlySet<string> => new Set((status.addresses ?? []).map(({ address }) => parseIp(address) === undefined ? address : canonical(address)));

/** Certificates hold bytes, and those who read them write them in the shortest form. */
const canonical = (address: string): string => (address.includes(':') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address);
