import type { NodeAddress } from '#core/api/schema/core-v1/node.ts';
import { parseIp } from '#core/api/ip.ts';
import type { Machine } from './machine.ts';

type Family = 'IPv4' | 'IPv6';
const families: readonly Family[] = ['IPv4', 'IPv6'];

/**
 * The node's `InternalIP` addresses, at most one of each family, and its `Hostname`. Addresses are those given, or else those of the
 * interface to which the default route of the family leads, or else of the first interface that has one.
 */
export async function readAddresses(machine: Machine, hostname: string, given: readonly string[] = []): Promise<readonly NodeAddress[]> {
  const found = given.length > 0 ? given : await ownAddresses(machine);
  return [...found.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: hostname }];
}

async function ownAddresses(machine: Machine): Promise<string[]> {
  const routes = { IPv4: defaultInterface4(await machine.readText('/proc/net/route')), IPv6: defaultInterface6(await machine.readText('/proc/net/ipv6_route')) };
  const main = routes.IPv4 ?? routes.IPv6;
  // An address of the second family on another interface than the first may be one that no other node reaches, so only the default route names one.
  return families.flatMap((family) => {
    const name = routes[family] ?? main;
    const address = name === undefined ? undefined : addressOn(machine, name, family);
    if (address !== undefined) return [address];
    return main === undefined && family === 'IPv4' ? anyAddress(machine) : [];
  });
}

const isUsable = (address: string): boolean => parseIp(address) !== undefined && !/^fe[89ab]/i.test(address) && !address.startsWith('169.254.');

const addressOn = (machine: Machine, name: string, family: Family): string | undefined =>
  machine.interfaces()[name]?.find((one) => one.family === family && !one.internal && isUsable(one.address))?.address;

function anyAddress(machine: Machine): string[] {
  for (const name of Object.keys(machine.interfaces())) {
    const address = addressOn(machine, name, 'IPv4');
    if (address !== undefined) return [address];
  }
  return [];
}

interface Route {
  readonly name: string;
  readonly metric: number;
}

const best = (routes: readonly Route[]): string | undefined => routes.toSorted((a, b) => a.metric - b.metric)[0]?.name;
const rowsOf = (table: string | undefined): string[][] => (table ?? '').split('\n').map((line) => line.trim().split(/\s+/));

/** Columns: interface, destination, gateway, flags, reference count, use, metric, mask. */
function defaultInterface4(table: string | undefined): string | undefined {
  return best(rowsOf(table).flatMap(([name = '', destination, , flags = '0', , , metric, mask]) =>
    (destination === '00000000' && mask === '00000000' && isUp(flags) ? [{ name, metric: Number(metric) }] : [])));
}

/** Columns: destination and its prefix, source and its prefix, next hop, metric, reference count, use, flags, interface. */
function defaultInterface6(table: string | undefined): string | undefined {
  return best(rowsOf(table).flatMap(([destination, prefix, , , , metric = '0', , , flags = '0', name = '']) =>
    (/^0{32}$/.test(destination ?? '') && prefix === '00' && isUp(flags) && name !== 'lo' ? [{ name, metric: Number.parseInt(metric, 16) }] : [])));
}

/** It is up, and does not reject. */
const isUp = (flags: string): boolean => (Number.parseInt(flags, 16) & 0x201) === 1;

/** What is wrong with addresses that somebody wants a node to have; undefined when nothing is. */
export function nodeIpsProblem(addresses: readonly string[]): string | undefined {
  const parsed = addresses.map((address) => parseIp(address));
  const bad = parsed.findIndex((address) => address === undefined);
  if (bad >= 0) return `"${addresses[bad] ?? ''}" is no IP address`;
  const useless = addresses.find((address) => address === '0.0.0.0' || address === '::' || /^ff/i.test(address) || /^2(2[4-9]|3\d)\./.test(address));
  if (useless !== undefined) return `"${useless}" is no address of one machine`;
  return new Set(parsed.map((address) => address?.family)).size < parsed.length ? 'a node has at most one address of each family' : undefined;
}
