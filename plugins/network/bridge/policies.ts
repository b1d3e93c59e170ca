import type { PodPolicy } from '#core/spi/network-plugin.ts';
import type { Iptables } from './iptables.ts';
import { policyChains, PREFIX, type PolicyPlace } from './policy-rules.ts';
import { POLICY_CHAIN } from './rules.ts';

/** Writes what NetworkPolicies say into the packet filter of the node: everything in one transaction for each family. */
export class Policies {
  readonly #filters: readonly Iptables[];
  readonly #place: PolicyPlace;

  constructor(filters: readonly Iptables[], bridge: string) {
    this.#filters = filters;
    this.#place = { main: POLICY_CHAIN, bridge };
  }

  /** @throws {NetworkError} 7 or 11; then the rules are what they were, of one family at least */
  async enforce(policies: readonly PodPolicy[], signal: AbortSignal): Promise<void> {
    const wanted = this.#filters.map((filter) => [filter, policyChains(filter.family, this.#place, policies)] as const);
    for (const [filter, chains] of wanted) {
      await filter.restore('filter', chains, signal);
      const stale = (await filter.chains('filter', PREFIX, signal)).filter((name) => !(name in chains));
      if (stale.length > 0) await filter.restore('filter', Object.fromEntries(stale.map((name) => [name, []])), signal, stale.map((name) => `-X ${name}`));
    }
  }
}
