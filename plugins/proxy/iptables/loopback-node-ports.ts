import type { Clock } from '#core/kernel/clock.ts';
import type { ProxyPort } from '#core/spi/service-proxy.ts';
import { frontKey, type Front } from '#plugins/proxy/front.ts';
import { defaultLimits, Fronts } from '#plugins/proxy/fronts.ts';

/**
 * Node ports of TCP on loopback. Rules could serve them only with `route_localnet`, by which neighbours reach what listens on loopback (CVE-2020-8558).
 * They are a convenience: one that something else has is nobody's trouble.
 */
export class LoopbackNodePorts {
  readonly #fronts: Fronts;
  readonly #wanted = new Map<string, Front>();
  readonly #owned = new Map<string, string>();

  constructor(clock: Clock) {
    this.#fronts = new Fronts(defaultLimits, clock);
  }

  /**
   * @param changed as in `ServiceProxy.sync`
   * @param isSound tells ports that must not be acted on when it says no
   */
  async sync(ports: ReadonlyMap<string, ProxyPort>, changed: ReadonlySet<string> | undefined, isSound: (key: string) => boolean, signal: AbortSignal): Promise<void> {
    let isSame = true;
    for (const key of changed ?? new Set([...this.#owned.keys(), ...ports.keys()])) {
      const front = isSound(key) ? frontOf(ports.get(key)) : undefined;
      const before = this.#owned.get(key);
      if (before === undefined && front === undefined) continue;
      isSame = false;
      if (before !== undefined) this.#wanted.delete(before);
      this.#owned.delete(key);
      if (front === undefined) continue;
      this.#wanted.set(frontKey(front), front);
      this.#owned.set(key, frontKey(front));
    }
    if (!isSame || changed === undefined) await this.#fronts.bring(this.#wanted, signal);
  }

  async close(): Promise<void> {
    this.#wanted.clear();
    this.#owned.clear();
    await this.#fronts.close();
  }
}

/** The node itself may go to any endpoint, whatever the policy. */
const frontOf = (port: ProxyPort | undefined): Front | undefined => (port?.nodePort === undefined || port.protocol !== 'TCP' ? undefined : {
  protocol: 'tcp', address: port.family === 'IPv4' ? '127.0.0.1' : '::1', port: port.nodePort, owner: port.key,
  endpoints: port.endpoints, affinitySeconds: port.affinitySeconds, ranges: undefined,
});
