import type { IpFamily } from '#core/api/ip.ts';
import type { Commands } from './commands.ts';
import { runCommand } from './commands.ts';
import type { Iptables } from './iptables.ts';
import type { Lease } from './leases.ts';
import { bare, keyText } from './leases.ts';
import { hostPortChains } from './rules.ts';

const never = new AbortController().signal;

export interface HostPortsOptions {
  readonly filters: readonly Iptables[];
  readonly commands: Commands;
  readonly leases: () => readonly Lease[];
  /** Ranges of this node's pods. */
  readonly podCidrs: (family: IpFamily) => readonly string[];
}

/** The rules of all host ports of the node: one chain, always written whole. Changes that come while one is written share the next. */
export class HostPorts {
  readonly #options: HostPortsOptions;
  /** Leases whose rules go before they do. */
  readonly #withdrawn = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(options: HostPortsOptions) {
    this.#options = options;
  }

  /** @throws {NetworkError} 11 */
  async publish(lease: Lease): Promise<void> {
    this.#withdrawn.delete(keyText(lease));
    if (lease.portMappings.length === 0) return;
    await this.sync();
    // Flows that began before the rule would go on without it.
    await this.#forget(lease.portMappings.filter(({ protocol }) => protocol === 'udp').map(({ hostPort }) => ['--dport', String(hostPort)]));
  }

  /** @throws {NetworkError} 11: its rules are there still */
  async withdraw(lease: Lease): Promise<void> {
    if (lease.portMappings.length === 0) return;
    this.#withdrawn.add(keyText(lease));
    await this.sync();
    if (lease.portMappings.some(({ protocol }) => protocol === 'udp')) await this.#forget(lease.addresses.map((address) => ['--dst-nat', bare(address)]));
  }

  /** To be called when a withdrawn lease is over. */
  forgotten(lease: Lease): void {
    this.#withdrawn.delete(keyText(lease));
  }

  /** Resolves when the rules are those of the leases at this moment, or later ones. */
  sync(): Promise<void> {
    if (this.#next === undefined) {
      const next = this.#running.catch(() => undefined).then(() => {
        this.#next = undefined;
        return this.#write();
      });
      this.#next = next;
      this.#running = next;
    }
    return this.#next;
  }

  async #write(): Promise<void> {
    const { filters, leases, podCidrs } = this.#options;
    const published = leases().filter((lease) => !this.#withdrawn.has(keyText(lease)));
    await Promise.all(filters.map((filter) => filter.restore('nat', hostPortChains(filter.family, published, podCidrs(filter.family)), never)));
  }

  /** Without the program `conntrack`, flows end by themselves after half a minute of silence. */
  async #forget(flows: readonly (readonly string[])[]): Promise<void> {
    for (const flow of flows) {
      const family = flow.at(-1)?.includes(':') ? ['-f', 'ipv6'] : [];
      await runCommand(this.#options.commands, ['conntrack', '-D', '-p', 'udp', ...family, ...flow], never).catch(() => undefined);
    }
  }
}
