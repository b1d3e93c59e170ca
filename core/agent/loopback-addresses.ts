import { ipFamilyOf } from '#core/api/ip.ts';
import type { Component } from '#core/kernel/lifecycle.ts';

/** Addresses that the machine answers at, in its own network namespace, without anybody else hearing of them: those of services that run on each node. */
export class LoopbackAddresses implements Component {
  readonly name = 'loopback addresses';
  readonly #addresses: readonly string[];
  readonly #added: string[] = [];

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  /** @throws {Error} without the rights to change the machine's addresses */
  async start(): Promise<void> {
    const { execa } = await import('execa');
    for (const address of this.#addresses) {
      const range = rangeOf(address);
      try {
        // One that is there is taken over: an agent that was killed left it. None of another scope: what is masqueraded on lo would take it for a source.
        await execa('ip', ['address', 'replace', range, 'dev', 'lo', 'scope', 'host']);
      } catch (error) {
        throw new Error(`the address ${range} could not be put on the interface lo`, { cause: error });
      }
      this.#added.push(range);
    }
  }

  stop(): Promise<void> {
    return this.#remove(this.#added.splice(0));
  }

  /** Takes away what a process that was killed has left. */
  remove(): Promise<void> {
    return this.#remove(this.#addresses.map(rangeOf));
  }

  async #remove(ranges: readonly string[]): Promise<void> {
    const { execa } = await import('execa');
    for (const range of ranges) await execa('ip', ['address', 'delete', range, 'dev', 'lo'], { reject: false });
  }
}

const rangeOf = (address: string): string => `${address}/${ipFamilyOf(address) === 'IPv6' ? 128 : 32}`;
