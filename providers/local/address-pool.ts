import { Cidr, ipText, parseIp, type IpAddress, type IpFamily } from '#core/api/ip.ts';

interface Range {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
}

/** Looked at when a free one is wanted; more than that are in use nowhere. */
const mostTried = 65_536;

/** Addresses that load balancers may have: CIDRs, ranges `first-last` and single ones. Of an IPv4 CIDR the network's and the broadcast address are left out. */
export class AddressPool {
  readonly #ranges: readonly Range[];

  /** @throws {RangeError} naming the part that is none of these */
  constructor(parts: readonly string[]) {
    this.#ranges = parts.map(rangeOf);
  }

  has(text: string): boolean {
    const address = parseIp(text);
    return address !== undefined && this.#ranges.some(({ family, first, last }) => family === address.family && address.value >= first && address.value <= last);
  }

  hasFamily(family: IpFamily): boolean {
    return this.#ranges.some((range) => range.family === family);
  }

  /** The lowest address of the first range that has one for which `isTaken` says no. */
  free(family: IpFamily, isTaken: (address: string) => boolean): string | undefined {
    let left = mostTried;
    for (const { first, last } of this.#ranges.filter((range) => range.family === family)) {
      for (let value = first; value <= last && left > 0; value++, left--) {
        const address = ipText({ family, value });
        if (!isTaken(address)) return address;
      }
    }
    return undefined;
  }
}

function rangeOf(part: string): Range {
  const [from = '', to = from, ...rest] = part.split('-').map((text) => text.trim());
  const cidr = Cidr.parse(part);
  if (cidr !== undefined) {
    const spare = cidr.family === 'IPv4' && cidr.prefixLength <= 30 ? 1n : 0n;
    return { family: cidr.family, first: cidr.base + spare, last: cidr.last - spare };
  }
  const [first, last] = [parseIp(from), parseIp(to)];
  if (rest.length > 0 || !isRange(first, last)) throw new RangeError(`${JSON.stringify(part)} is no range of addresses, such as 192.168.1.240-192.168.1.250 or 10.9.0.0/24`);
  return { family: first.family, first: first.value, last: last?.value ?? first.value };
}

const isRange = (first: IpAddress | undefined, last: IpAddress | undefined): first is IpAddress =>
  first !== undefined && last !== undefined && first.family === last.family && first.value <= last.value;
