import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import type { AddressRange } from './address-range.ts';
import type { Ip } from './ip.ts';
import { bridgeMac, readLinks } from './links.ts';
import type { Sysctls } from './sysctls.ts';

export interface BridgeState {
  readonly name: string;
  readonly mtu: number;
  readonly ranges: readonly AddressRange[];
}

/** Makes the bridge what it should be: its gateway addresses are those of the ranges, and no others. @throws {NetworkError} 7 when a link of this name is someone else's */
export async function ensureBridge(ip: Ip, sysctls: Sysctls, { name, mtu, ranges }: BridgeState, signal: AbortSignal): Promise<void> {
  const mac = bridgeMac(name);
  const found = await findBridge(ip, name, signal);
  if (found === undefined) await ip.batch([`link add ${name} address ${mac} mtu ${mtu} type bridge mcast_snooping 0`], signal);
  await sysctls.set(`ipv6/conf/${name}/accept_ra`, '0');
  const wanted = ranges.map((range) => `${range.gateway}/${range.cidr.prefixLength}`);
  const stale = (found?.addresses ?? []).filter((address) => !wanted.includes(address) && !address.startsWith('fe80:'));
  await ip.batch([
    `link set ${name} mtu ${mtu} up`,
    ...wanted.map((address) => `address replace ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    ...stale.map((address) => `address delete ${address} dev ${name}`),
  ], signal);
}

/** Undefined when there is none. @throws {NetworkError} 7 */
export async function findBridge(ip: Ip, name: string, signal: AbortSignal) {
  const [link] = readLinks(await ip.list(['-details', 'address', 'show', 'dev', name], signal));
  if (link !== undefined && (link.kind !== 'bridge' || link.mac !== bridgeMac(name))) {
    throw new NetworkError(cniCodes.invalidConfig, `the interface ${name} was not made by this plugin; give the bridge another name`);
  }
  return link;
}
