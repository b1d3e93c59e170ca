import type { JsonObject } from '#core/api/value.ts';
import { isObject, own } from '#core/api/value.ts';
import { Cidr, parseIp } from '#core/api/ip.ts';
import type { NetworkAddress, NetworkInterface, NetworkResult, NetworkRoute } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from './cni-error.ts';
import type { CniVersion } from './cni-names.ts';
import { atLeast, quoted } from './cni-names.ts';

const most = 1000;
const routeNumbers = ['mtu', 'advmss', 'priority', 'table', 'scope'] as const;

/** The result in a version's form: before 1.0.0 addresses tell their family, and what came with 1.1.0 is left out before. */
export function toCniResult(result: NetworkResult, version: CniVersion): JsonObject {
  const isNew = atLeast(version, '1.1.0');
  return {
    cniVersion: version,
    interfaces: result.interfaces.map(({ name, mac, mtu, sandbox }) => ({ name, ...(mac === undefined ? {} : { mac }), ...(isNew && mtu !== undefined ? { mtu } : {}), ...(sandbox === undefined ? {} : { sandbox }) })),
    ips: result.ips.map((ip) => ({ ...(atLeast(version, '1.0.0') ? {} : { version: ip.address.includes(':') ? '6' : '4' }), ...ip })),
    routes: result.routes.map((route) => (isNew ? { ...route } : { dst: route.dst, ...(route.gw === undefined ? {} : { gw: route.gw }) })),
    dns: { ...result.dns },
  };
}

/**
 * Reads a result of versions 0.3.0 to 1.1.0. Fields that are not known are left out.
 * @throws {NetworkError} 6
 */
export function fromCniResult(value: unknown): NetworkResult {
  if (!isObject(value)) throw wrong('', value);
  return {
    interfaces: list(value, 'interfaces').map(readInterface),
    ips: list(value, 'ips').map(readAddress),
    routes: list(value, 'routes').map(readRoute),
    dns: readDns(own(value, 'dns')),
  };
}

/** A raw result in another version's form; whatever else is in it stays. */
export function convertCniResult(raw: JsonObject, version: CniVersion): JsonObject {
  const { interfaces, ips, routes, dns, ...rest } = raw;
  const known = toCniResult(fromCniResult({ interfaces, ips, routes, dns }), version);
  const merged = list(raw, 'interfaces').map((each, index) => ({ ...(isObject(each) ? each : {}), ...(known['interfaces'] as JsonObject[])[index] }));
  return { ...rest, ...known, ...(atLeast(version, '1.1.0') ? { interfaces: merged } : {}) };
}

function list(value: JsonObject, key: string): readonly unknown[] {
  const member = own(value, key);
  if (member === undefined || member === null) return [];
  if (!Array.isArray(member) || member.length > most) throw wrong(key, member);
  return member as readonly unknown[];
}

function readInterface(value: unknown, index: number): NetworkInterface {
  if (!isObject(value)) throw wrong(`interfaces[${index}]`, value);
  const [name, mac, sandbox, mtu] = [text(value, 'name'), text(value, 'mac'), text(value, 'sandbox'), number(value, 'mtu')];
  if (name === undefined) throw wrong(`interfaces[${index}].name`, name);
  return { name, ...(mac === undefined ? {} : { mac }), ...(mtu === undefined ? {} : { mtu }), ...(sandbox === undefined ? {} : { sandbox }) };
}

function readAddress(value: unknown, index: number): NetworkAddress {
  const address = isObject(value) ? text(value, 'address') : undefined;
  if (!isObject(value) || address === undefined || Cidr.parse(address) === undefined) throw wrong(`ips[${index}].address`, address);
  const [gateway, at] = [text(value, 'gateway'), number(value, 'interface')];
  if (gateway !== undefined && parseIp(gateway) === undefined) throw wrong(`ips[${index}].gateway`, gateway);
  return { address, ...(gateway === undefined ? {} : { gateway }), ...(at === undefined ? {} : { interface: at }) };
}

function readRoute(value: unknown, index: number): NetworkRoute {
  const dst = isObject(value) ? text(value, 'dst') : undefined;
  if (!isObject(value) || dst === undefined || Cidr.parse(dst) === undefined) throw wrong(`routes[${index}].dst`, dst);
  const gw = text(value, 'gw');
  if (gw !== undefined && parseIp(gw) === undefined) throw wrong(`routes[${index}].gw`, gw);
  const numbers: Partial<NetworkRoute> = Object.fromEntries(routeNumbers.map((key) => [key, number(value, key)] as const).filter(([, each]) => each !== undefined));
  return { dst, ...(gw === undefined ? {} : { gw }), ...numbers };
}

function readDns(value: unknown): NetworkResult['dns'] {
  if (!isObject(value)) return {};
  const texts = (key: string): readonly string[] => list(value, key).filter((each): each is string => typeof each === 'string');
  const domain = text(value, 'domain');
  const lists = Object.fromEntries(['nameservers', 'search', 'options'].map((key) => [key, texts(key)] as const).filter(([, each]) => each.length > 0));
  return { ...(lists as NetworkResult['dns']), ...(domain === undefined ? {} : { domain }) };
}

/** Plugins write empty texts for what they have not. */
function text(value: JsonObject, key: string): string | undefined {
  const member = own(value, key);
  if (member === undefined || member === null || member === '') return undefined;
  if (typeof member !== 'string' || member.length > 4096) throw wrong(key, member);
  return member;
}

function number(value: JsonObject, key: string): number | undefined {
  const member = own(value, key);
  if (member === undefined || member === null) return undefined;
  if (!Number.isSafeInteger(member)) throw wrong(key, member);
  return member as number;
}

const wrong = (place: string, value: unknown): NetworkError => new NetworkError(cniCodes.decoding, `the result of a plugin is malformed${place === '' ? '' : ` at ${place}`}: ${quoted(value)}`);
