import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { isProxyable } from './address.ts';
import type { Place } from './place.ts';
import { parseProxyName, portNumber } from './proxy-name.ts';

const preferredAddresses = ['InternalIP', 'ExternalIP', 'InternalDNS', 'Hostname', 'ExternalDNS'];
const agentPort = 10_250;

/** Where a node takes requests: its node agent, with our certificate, or another port that is named. @throws {StatusError} */
export async function placeOfNode(objects: ObjectStore, text: string): Promise<Place> {
  const { scheme, name, port } = parseProxyName(text, 'node');
  const node = objects.get(Node, undefined, name);
  if (node === undefined || !isKindOf(node, Node)) throw StatusError.notFound(Node, name);
  const host = nodeHost(node);
  const kubelet = node.status.daemonEndpoints.kubeletEndpoint.Port || agentPort;
  if (port === '' || port === String(kubelet)) return { scheme: 'https', address: { host, port: kubelet }, isNodeAgent: true };
  return { scheme: scheme || 'http', address: { host: await checked(host), port: portNumber(port) } };
}

/** @throws {StatusError} ServiceUnavailable when the node does not say where it is */
export function nodeHost({ metadata, status: { addresses = [] } }: Node): string {
  for (const type of preferredAddresses) {
    const found = addresses.find((candidate) => candidate.type === type);
    if (found) return found.address;
  }
  throw new StatusError('ServiceUnavailable', `no preferred addresses found for node "${metadata.name}"; known addresses: ${JSON.stringify(addresses)}`);
}

/** The address itself, so that a name cannot lead elsewhere after it was looked at. */
async function checked(host: string): Promise<string> {
  const ip = isIP(host) > 0 ? host : (await lookup(host).catch((error: unknown) => {
    throw StatusError.badRequest(`the node's name ${JSON.stringify(host)} has no address`, { cause: error });
  })).address;
  if (!isProxyable(ip)) throw StatusError.badRequest('address not allowed');
  return ip;
}
