import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { allDone } from './all-done.ts';
import type { Kinds } from './kinds.ts';
import type { Mark } from './mark.ts';
import { descriptionOf } from './mark.ts';
import { isInUse } from './node-groups.ts';
import type { OwnResources } from './own-resources.ts';
import { healthCheckOf, isSameCheck, isSameFirewall, probesFirewallOf } from './resources.ts';

/** Where a node's service proxy says how it is. */
const proxyHealth = { port: 10_256, path: '/healthz' } as const;
/** What was seen to be right is believed so long. */
const believedMs = 30_000;

export interface SharedProbesParts {
  readonly context: GcpContext;
  readonly kinds: Kinds;
  readonly resources: OwnResources;
  readonly name: string;
  readonly mark: Mark;
}

/** How the health of nodes is told to all load balancers for which every node will do: one check of the nodes' proxy, and the firewall rule that lets it in. */
export class SharedProbes {
  readonly #parts: SharedProbesParts;
  readonly #lock = new KeyedLock();
  #seen = -Infinity;

  constructor(parts: SharedProbesParts) {
    this.#parts = parts;
  }

  ensure(signal: AbortSignal): Promise<void> {
    return this.#lock.run(this.#parts.name, signal, async () => {
      const { context, kinds, resources, name, mark } = this.#parts;
      const now = context.clock.now();
      if (now - this.#seen < believedMs) return;
      const titled = { name, description: descriptionOf(mark) };
      const check = healthCheckOf(proxyHealth, titled);
      const firewall = probesFirewallOf(proxyHealth.port, context.settings, titled);
      const [foundCheck, foundFirewall] = await allDone([resources.get(kinds.checks, name, mark, signal), resources.get(kinds.firewalls, name, mark, signal)]);
      await allDone([
        resources.bring(kinds.checks, { wanted: check, mark, found: foundCheck, isSame: isSameCheck }, signal),
        resources.bring(kinds.firewalls, { wanted: firewall, mark, found: foundFirewall, isSame: isSameFirewall }, signal),
      ]);
      this.#seen = now;
    });
  }

  /** Resolves to false when a load balancer uses the check. */
  remove(signal: AbortSignal): Promise<boolean> {
    return this.#lock.run(this.#parts.name, signal, async () => {
      const { kinds, resources, name, mark } = this.#parts;
      this.#seen = -Infinity;
      try {
        await resources.remove(kinds.checks, name, mark, signal);
      } catch (error) {
        if (isInUse(error)) return false;
        throw error;
      }
      await resources.remove(kinds.firewalls, name, mark, signal);
      return true;
    });
  }
}
