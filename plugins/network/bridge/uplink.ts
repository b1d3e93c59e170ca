import { isObject, own } from '#core/api/value.ts';
import { parseIp } from '#core/api/ip.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import type { Ip } from './ip.ts';
import { readLinks } from './links.ts';

/** The interface by which this node reaches the others. */
export interface Uplink {
  readonly name: string;
  readonly mtu: number;
  /** Its first addresses that others can reach, one of each family. */
  readonly addresses: readonly string[];
}

/** The named interface, or that of the default route. @throws {NetworkError} 11 when it is not there (yet) */
export async function findUplink(ip: Ip, named: string | undefined, signal: AbortSignal): Promise<Uplink | undefined> {
  const name = named ?? (await defaultDevice(ip, '-4', signal)) ?? (await defaultDevice(ip, '-6', signal));
  if (name === undefined) return undefined;
  const [listed] = (await ip.list(['address', 'show', 'dev', name, 'scope', 'global'], signal)) ?? [];
  const [link] = readLinks([listed]);
  if (link === undefined) throw new NetworkError(cniCodes.tryAgainLater, `the interface ${name} is not there`);
  const addresses = link.addresses.map((address) => address.slice(0, address.indexOf('/')));
  const first = (['IPv4', 'IPv6'] as const).map((family) => addresses.find((address) => parseIp(address)?.family === family));
  return { name, mtu: link.mtu, addresses: first.filter((address) => address !== undefined) };
}

async function defaultDevice(ip: Ip, family: '-4' | '-6', signal: AbortSignal): Promise<string | undefined> {
  const routes = (await ip.list([family, 'route', 'show', 'default'], signal)) ?? [];
  const found = routes.find((route) => isObject(route) && typeof own(route, 'dev') === 'string');
  return isObject(found) ? String(found['dev']) : undefined;
}
