import { isObject, own } from '#core/api/value.ts';
import { ipText } from '#core/api/ip.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import type { AddressRange } from './address-range.ts';
import type { Commands } from './commands.ts';
import { runCommand } from './commands.ts';
import type { Ip } from './ip.ts';
import { readLinks } from './links.ts';
import type { PeerRoute } from './peer-routes.ts';
import { ROUTE_PROTOCOL } from './peer-routes.ts';
import type { Sysctls } from './sysctls.ts';

/** Outer headers: Ethernet 14, IPv4 20 or IPv6 40, UDP 8, VXLAN 8. */
export const VXLAN_OVERHEAD = { IPv4: 50, IPv6: 70 } as const;

export interface VxlanState {
  readonly name: string;
  readonly id: number;
  readonly port: number;
  readonly mac: string;
  /** The interface under the tunnel, and its address. */
  readonly device: string;
  readonly local: string;
  readonly mtu: number;
  readonly ranges: readonly AddressRange[];
}

/** The node's end of all tunnels: one interface, whose neighbours and forwarding entries are ours to write. @throws {NetworkError} 7 when a link of this name is something else */
export async function ensureVxlan({ ip, commands, sysctls }: { ip: Ip; commands: Commands; sysctls: Sysctls }, state: VxlanState, signal: AbortSignal): Promise<void> {
  const { name, mac, device, local, mtu, ranges } = state;
  const [listed] = (await ip.list(['-details', 'address', 'show', 'dev', name], signal)) ?? [];
  const [link] = readLinks([listed]);
  if (link !== undefined && link.kind !== 'vxlan') throw new NetworkError(cniCodes.invalidConfig, `the interface ${name} is no VXLAN; give the tunnel another name`);
  const isRight = link?.mac === mac && sameTunnel(listed, state);
  if (!isRight) {
    await ip.batch([
      ...(link === undefined ? [] : [`link delete ${name}`]),
      `link add ${name} address ${mac} mtu ${mtu} type vxlan id ${state.id} local ${local} dev ${device} dstport ${state.port} nolearning`,
    ], signal);
    // Kernels before 5.7 wrote wrong checksums into wrapped packets that they had translated. Without ethtool they are trusted.
    await runCommand(commands, ['ethtool', '-K', name, 'tx-checksum-ip-generic', 'off'], signal).catch(() => undefined);
  }
  await sysctls.set(`ipv6/conf/${name}/accept_ra`, '0');
  const wanted = ranges.map(({ own: address, cidr }) => `${address}/${cidr.family === 'IPv4' ? 32 : 128}`);
  const stale = (isRight ? link.addresses : []).filter((address) => !wanted.includes(address) && !address.startsWith('fe80:'));
  await ip.batch([
    `link set ${name} mtu ${mtu} up`,
    ...wanted.map((address) => `address replace ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    ...stale.map((address) => `address delete ${address} dev ${name}`),
  ], signal);
}

function sameTunnel(listed: unknown, { id, port, local, device }: VxlanState): boolean {
  const info = isObject(listed) ? own(listed, 'linkinfo') : undefined;
  const data = isObject(info) ? own(info, 'info_data') : undefined;
  return isObject(data) && data['id'] === id && data['port'] === port && (data['local'] === local || data['local6'] === local) && data['link'] === device;
}

/** Lines for `ip -batch` and `bridge -batch`: every peer's end is known, so that nothing is ever asked or learned. */
export function tunnelLines(name: string, routes: readonly PeerRoute[]): { readonly ip: string[]; readonly bridge: string[] } {
  return {
    ip: routes.flatMap((route) => [
      `neighbour replace ${endOf(route)} lladdr ${route.mac ?? ''} dev ${name} nud permanent`,
      `route replace ${route.cidr.toString()} via ${endOf(route)} dev ${name} proto ${ROUTE_PROTOCOL} onlink`,
    ]),
    bridge: [...new Set(routes.map(({ mac, address }) => `fdb replace ${mac ?? ''} dev ${name} dst ${address} self permanent`))],
  };
}

/** What the tunnel still knows of peers that are gone. */
export async function staleTunnelLines(ip: Ip, commands: Commands, name: string, routes: readonly PeerRoute[], signal: AbortSignal): Promise<{ readonly ip: string[]; readonly bridge: string[] }> {
  const ends = new Set(routes.map(endOf));
  const entries = new Set(routes.map(({ mac, address }) => `${mac ?? ''} ${address}`));
  const neighbours = (await ip.list(['neighbour', 'show', 'dev', name, 'nud', 'permanent'], signal)) ?? [];
  const { exitCode, output } = await runCommand(commands, ['bridge', '-json', 'fdb', 'show', 'dev', name], signal);
  const forwarding: unknown = exitCode === 0 && output.trim() !== '' ? JSON.parse(output) : [];
  const stale = (Array.isArray(forwarding) ? (forwarding as unknown[]) : []).filter(isObject)
    .map((entry) => ({ mac: text(own(entry, 'mac')), dst: text(own(entry, 'dst')) })).filter(({ mac, dst }) => dst !== '' && !entries.has(`${mac} ${dst}`));
  return {
    ip: neighbours.filter(isObject).map((entry) => text(own(entry, 'dst'))).filter((dst) => dst !== '' && !ends.has(dst)).map((dst) => `neighbour delete ${dst} dev ${name}`),
    bridge: stale.map(({ mac, dst }) => `fdb delete ${mac} dev ${name} dst ${dst} self`),
  };
}

/** The first address of the peer's range is its end of the tunnel. */
const endOf = ({ cidr }: PeerRoute): string => ipText(cidr.nth(0n));
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
