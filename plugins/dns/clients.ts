import { BlockList, isIPv6 } from 'node:net';
import { Cidr, ipText } from '#core/api/ip.ts';

/** Clients of which is remembered whether they may ask. */
const remembered = 4096;

/** Who may ask. */
export class Clients {
  #ranges: BlockList | undefined;
  readonly #known = new Map<string, boolean>();

  /** Undefined: everybody. What is no range lets nobody in. */
  set(ranges: readonly string[] | undefined): void {
    this.#known.clear();
    this.#ranges = ranges === undefined ? undefined : new BlockList();
    for (const range of [...(ranges ?? []), '127.0.0.0/8', '::1/128'].map((text) => Cidr.parse(text))) {
      if (range !== undefined) this.#ranges?.addSubnet(ipText({ family: range.family, value: range.base }), range.prefixLength, range.family === 'IPv4' ? 'ipv4' : 'ipv6');
    }
  }

  mayAsk(address: string): boolean {
    if (this.#ranges === undefined) return true;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const plain = address.replace(/%.*/, '');
    const may = this.#ranges.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(address, may);
    return may;
  }
}
