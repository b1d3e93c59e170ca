import type { IpAddress } from '#core/api/ip.ts';
import { Cidr, ipText } from '#core/api/ip.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { quoted } from '#plugins/network/cni-names.ts';

/** A node's range of one family. The first address is the bridge's; the network's own and IPv4's broadcast address are nobody's. */
export class AddressRange {
  readonly cidr: Cidr;
  #last: bigint;

  /** @throws {NetworkError} 7 for what is no range, or one too small for a pod */
  constructor(text: string) {
    const cidr = Cidr.parse(text);
    if (cidr === undefined) throw new NetworkError(cniCodes.invalidConfig, `${quoted(text)} is not a range of addresses`);
    if (cidr.size < 4n) throw new NetworkError(cniCodes.invalidConfig, `the range ${cidr.toString()} has no room for pods`);
    this.cidr = cidr;
    this.#last = 1n;
  }

  get gateway(): string {
    return ipText(this.cidr.nth(1n));
  }

  /** What the node's end of a tunnel has. */
  get own(): string {
    return ipText(this.cidr.nth(0n));
  }

  /** How many pods it has room for. */
  get capacity(): bigint {
    return this.cidr.size - 2n - (this.cidr.family === 'IPv4' ? 1n : 0n);
  }

  contains(address: IpAddress): boolean {
    return this.cidr.contains(address);
  }

  /** Goes on after this address, so that the longest unused come first. */
  continueAfter(address: IpAddress): void {
    this.#last = address.value - this.cidr.base;
  }

  /** The next address that is free. `taken` must say so of a limited number only: the search is no longer than that. */
  next(taken: (address: string) => boolean): string | undefined {
    const [first, last] = [2n, this.capacity + 1n];
    let offset = this.#last;
    for (let tried = 0n; tried < this.capacity; tried++) {
      offset = offset >= last || offset < first ? first : offset + 1n;
      const address = ipText(this.cidr.nth(offset));
      if (taken(address)) continue;
      this.#last = offset;
      return address;
    }
    return undefined;
  }
}
