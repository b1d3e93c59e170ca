import { isIPv6 } from 'node:net';

export type IpFamily = 'IPv4' | 'IPv6';

/** An address as a number: 32 bits for IPv4, 128 for IPv6, the first byte highest. */
export interface IpAddress {
  readonly family: IpFamily;
  readonly value: bigint;
}

const widths: Record<IpFamily, number> = { IPv4: 32, IPv6: 128 };
const quad = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const longest = 45;

function parseQuad(text: string): bigint | undefined {
  const match = quad.exec(text);
  if (match === null) return undefined;
  let value = 0n;
  for (const part of match.slice(1)) {
    if (Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseGroups(text: string): bigint {
  if (text === '') return 0n;
  return text.split(':').reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const colon = text.lastIndexOf(':');
  const tail = text.slice(colon + 1);
  if (tail.includes('.')) {
    const low = parseQuad(tail);
    if (low === undefined) return undefined;
    return parseIpv6(`${text.slice(0, colon + 1)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const [head = '', rest] = text.split('::');
  if (rest === undefined) return parseGroups(head);
  const groups = head === '' ? 0 : head.split(':').length;
  return (parseGroups(head) << BigInt(16 * (8 - groups))) | parseGroups(rest);
}

const isMapped = ({ family, value }: IpAddress): boolean => family === 'IPv6' && value >> 32n === 0xffffn;

function parseAny(text: string): IpAddress | undefined {
  if (text.length > longest) return undefined;
  const four = parseQuad(text);
  if (four !== undefined) return { family: 'IPv4', value: four };
  const six = parseIpv6(text);
  return six === undefined ? undefined : { family: 'IPv6', value: six };
}

/** Strict: no leading zeros in IPv4, no zone, no IPv4 address written as IPv6 (`::ffff:10.0.0.1`). Undefined for anything else. */
export function parseIp(text: string): IpAddress | undefined {
  const address = parseAny(text);
  return address === undefined || isMapped(address) ? undefined : address;
}

/** The one spelling of an address; what is none comes back as it is. */
export function canonicalIp(text: string): string {
  const address = parseIp(text);
  return address === undefined ? text : ipText(address);
}

export const ipFamilyOf = (text: string): IpFamily | undefined => parseIp(text)?.family;

/** Network byte order: 4 bytes for IPv4, 16 for IPv6. */
export function ipBytes({ family, value }: IpAddress): Uint8Array {
  const bytes = new Uint8Array(widths[family] / 8);
  for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** Canonical: dotted decimal, or RFC 5952. */
export function ipText(address: IpAddress): string {
  const bytes = ipBytes(address);
  if (address.family === 'IPv4') return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const { start, length } = longestZeros(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return length < 2 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** The first of the longest runs. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}

/** A range of addresses that share a prefix. */
export class Cidr {
  readonly family: IpFamily;
  readonly prefixLength: number;
  /** The address as it was written; it may have bits beyond the prefix. */
  readonly address: IpAddress;
  /** The lowest address of the range, as a number. */
  readonly base: bigint;
  /** How many addresses the range has. */
  readonly size: bigint;

  private constructor(address: IpAddress, prefixLength: number) {
    this.family = address.family;
    this.prefixLength = prefixLength;
    this.address = address;
    this.size = 1n << BigInt(widths[address.family] - prefixLength);
    this.base = address.value - (address.value % this.size);
  }

  /** As strict as `parseIp`; undefined for anything else. */
  static parse(text: string): Cidr | undefined {
    const [ip = '', bits = '', ...rest] = text.split('/', 3);
    const address = parseIp(ip);
    if (address === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > widths[address.family]) return undefined;
    return new Cidr(address, Number(bits));
  }

  get last(): bigint {
    return this.base + this.size - 1n;
  }

  contains({ family, value }: IpAddress): boolean {
    return family === this.family && value >= this.base && value <= this.last;
  }

  containsRange(other: Cidr): boolean {
    return this.prefixLength <= other.prefixLength && this.contains({ family: other.family, value: other.base });
  }

  /** @throws {RangeError} when the range has no such address. */
  nth(index: bigint): IpAddress {
    if (index < 0n || index >= this.size) throw new RangeError(`${this.toString()} has no address number ${index}`);
    return { family: this.family, value: this.base + index };
  }

  /** Canonical, without bits beyond the prefix. */
  toString(): string {
    return `${ipText({ family: this.family, value: this.base })}/${this.prefixLength}`;
  }
}

const unpadded = (text: string): string => text.replace(/(^|[./])0+(?=\d)/g, '$1');

/** What is wrong with an address, in the API's wording. */
export function ipProblem(text: string): string | undefined {
  const address = parseAny(text);
  if (address !== undefined) return isMapped(address) ? 'must not be an IPv4-mapped IPv6 address' : undefined;
  if (text.length <= longest && parseQuad(unpadded(text)) !== undefined) return 'must not have leading 0s';
  return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
}

/** As `ipProblem`, for fields that also want the one canonical spelling. */
export function canonicalIpProblem(text: string): string | undefined {
  const problem = ipProblem(text);
  const address = parseIp(text);
  if (problem !== undefined || address === undefined || ipText(address) === text) return problem;
  return `must be in canonical form (${JSON.stringify(ipText(address))})`;
}

/** What is wrong with a range, in the API's wording. Bits beyond the prefix are none of it. */
export function cidrProblem(text: string): string | undefined {
  if (Cidr.parse(text) !== undefined) return undefined;
  const [ip = '', bits = ''] = text.split('/', 2);
  const address = parseAny(ip);
  if (address !== undefined && isMapped(address) && /^\d{1,3}$/.test(bits)) return 'must not have an IPv4-mapped IPv6 address';
  if (text.length <= longest + 4 && Cidr.parse(unpadded(text)) !== undefined) return 'must not have leading 0s in IP or prefix length';
  return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}

/** As `cidrProblem`, for fields that also want the one canonical spelling. */
export function canonicalCidrProblem(text: string): string | undefined {
  const range = Cidr.parse(text);
  if (range === undefined) return cidrProblem(text);
  if (range.address.value !== range.base) return 'must not have bits set beyond the prefix length';
  return range.toString() === text ? undefined : `must be in canonical form (${JSON.stringify(range.toString())})`;
}
