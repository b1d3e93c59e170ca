import type { ProxyPort, ProxyProblem } from '#core/spi/service-proxy.ts';

/** Tells the authors of services whose `externalIPs` are not served. */
export class IgnoredExternalIPs {
  readonly #problems = new Map<string, ProxyProblem>();

  /** @param changed as in `ServiceProxy.sync`. Returns those of all ports. */
  update(ports: ReadonlyMap<string, ProxyPort>, changed: ReadonlySet<string> | undefined): readonly ProxyProblem[] {
    for (const key of changed ?? new Set([...this.#problems.keys(), ...ports.keys()])) {
      const { externalIPs = [] } = ports.get(key) ?? {};
      if (externalIPs.length === 0) this.#problems.delete(key);
      else this.#problems.set(key, { port: key, message: `externalIPs are not served here, since by them anybody could take over an address (CVE-2020-8554): ${externalIPs.slice(0, 5).join(', ')}` });
    }
    return [...this.#problems.values()];
  }
}
