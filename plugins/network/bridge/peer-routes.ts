import { isObject, own } from '#core/api/value.ts';
import type { IpFamily } from '#core/api/ip.ts';
import { Cidr, parseIp } from '#core/api/ip.ts';
import type { NetworkPeer } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { quoted } from '#plugins/network/cni-names.ts';
import type { Ip } from './ip.ts';

/** Routes that carry this number are ours (`ip route show proto 75`). */
export const ROUTE_PROTOCOL = '75';

/** One range of another node's pods, and how it is reached. */
export interface PeerRoute {
  readonly nodeName: string;
  readonly cidr: Cidr;
  /** The node's address by which it, or its end of the tunnel, is reached. */
  readonly address: string;
  /** The link address of the tunnel's end. */
  readonly mac: string | undefined;
}

export interface PeerRules {
  readonly clusterCidrs: readonly Cidr[];
  /** Ranges of this node. */
  readonly own: readonly Cidr[];
  readonly mode: 'host-gw' | 'vxlan';
  /** The family of the addresses between which tunnels are. */
  readonly tunnelFamily: IpFamily | undefined;
}

const isMac = (text: string): boolean => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text);

/** Sorts out what peers say of themselves. Nobody takes this node's ranges away, or more than the pods' ranges of the cluster. */
export function peerRoutes(peers: readonly NetworkPeer[], rules: PeerRules): { readonly routes: readonly PeerRoute[]; readonly problems: readonly string[] } {
  const routes = new Map<string, PeerRoute>();
  const problems: string[] = [];
  for (const peer of peers) {
    for (const text of peer.podCidrs) {
      const route = routeTo(peer, text, rules);
      if (typeof route === 'string') problems.push(`node ${quoted(peer.nodeName)}: ${route}`);
      else if (routes.has(route.cidr.toString())) problems.push(`node ${quoted(peer.nodeName)}: ${route.cidr.toString()} is also node ${quoted(routes.get(route.cidr.toString())?.nodeName)}'s`);
      else routes.set(route.cidr.toString(), route);
    }
  }
  return { routes: [...routes.values()], problems };
}

function routeTo({ nodeName, addresses, tunnel }: NetworkPeer, text: string, { clusterCidrs, own: ownRanges, mode, tunnelFamily }: PeerRules): PeerRoute | string {
  const cidr = Cidr.parse(text);
  if (cidr === undefined) return `${quoted(text)} is not a range`;
  if (ownRanges.some((each) => each.containsRange(cidr) || cidr.containsRange(each))) return `${cidr.toString()} overlaps with this node's range`;
  if (clusterCidrs.some(({ family }) => family === cidr.family) ? !clusterCidrs.some((each) => each.containsRange(cidr)) : cidr.prefixLength === 0) return `${cidr.toString()} is outside the cluster's ranges of pods`;
  const family = mode === 'vxlan' ? tunnelFamily : cidr.family;
  const address = addresses.find((each) => parseIp(each)?.family === family);
  if (address === undefined) return `it has no ${family ?? ''} address by which ${cidr.toString()} could be reached`;
  if (mode === 'vxlan' && (tunnel === undefined || !isMac(tunnel))) return `${quoted(tunnel)} is not the link address of a tunnel's end`;
  return { nodeName, cidr, address, mac: tunnel };
}

/** Lines for `ip -batch`: the wanted routes by way of the nodes themselves. */
export const hostGatewayLines = (routes: readonly PeerRoute[]): string[] => routes.map(({ cidr, address }) => `route replace ${cidr.toString()} via ${address} proto ${ROUTE_PROTOCOL}`);

/** Routes of ours to ranges that nobody has any more. */
export async function staleRouteLines(ip: Ip, wanted: ReadonlySet<string>, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  for (const [flag, full] of [['-4', '/32'], ['-6', '/128']] as const) {
    for (const route of (await ip.list([flag, 'route', 'show', 'proto', ROUTE_PROTOCOL], signal)) ?? []) {
      const dst = isObject(route) ? own(route, 'dst') : undefined;
      if (typeof dst !== 'string') continue;
      const cidr = dst.includes('/') ? dst : `${dst}${full}`;
      if (!wanted.has(cidr)) lines.push(`route delete ${dst} proto ${ROUTE_PROTOCOL}`);
    }
  }
  return lines;
}

/** One of many failing is told, and does not keep the others from being reached. @throws {NetworkError} 102 */
export function throwProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new NetworkError(cniCodes.refused, `not all nodes' pods can be reached: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? `; and ${problems.length - 5} more` : ''}`);
}
