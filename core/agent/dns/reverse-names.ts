import { Cidr, ipBytes, type IpAddress } from '#core/api/ip.ts';

const partsOf = (address: IpAddress): string[] =>
  address.family === 'IPv4' ? [...ipBytes(address)].map(String) : Buffer.from(ipBytes(address)).toString('hex').split('');

const below = (address: IpAddress, parts: readonly string[]): string =>
  [...parts.toReversed(), address.family === 'IPv4' ? 'in-addr.arpa' : 'ip6.arpa'].join('.');

/** The name at which an address is looked up: its bytes (IPv6: its hexadecimal digits), the last one first. RFC 1035 §3.5, RFC 3596 §2.5. */
export const reverseName = (address: IpAddress): string => below(address, partsOf(address));

/** The zones that make up ranges of addresses: at most 128 for each, where a range ends within a byte. What is no range is left out. */
export function reverseZones(ranges: readonly string[]): string[] {
  return ranges.flatMap((text) => {
    const range = Cidr.parse(text);
    if (range === undefined) return [];
    const bits = range.family === 'IPv4' ? 8 : 4;
    const parts = Math.ceil(range.prefixLength / bits);
    const step = range.size >> BigInt(parts * bits - range.prefixLength);
    return Array.from({ length: 2 ** (parts * bits - range.prefixLength) }, (_, index) => {
      const address: IpAddress = { family: range.family, value: range.base + BigInt(index) * step };
      return below(address, partsOf(address).slice(0, parts));
    });
  });
}
