import type { Clock } from '#core/kernel/clock.ts';
import type { ProxyPort, ProxyProblem, ProxyReport, ProxyState, ServiceProxy } from '#core/spi/service-proxy.ts';
import { checkPort } from '#plugins/proxy/check-port.ts';
import { IgnoredExternalIPs } from '#plugins/proxy/external-ips.ts';
import { frontKey, frontsOf, type Front, type FrontOptions } from '#plugins/proxy/front.ts';
import { defaultLimits, Fronts } from '#plugins/proxy/fronts.ts';
import type { ForwarderLimits } from '#plugins/proxy/tcp-forwarder.ts';

export interface UserspaceProxyOptions extends Partial<FrontOptions>, Partial<ForwarderLimits> {
  readonly clock: Clock;
}

/** Forwards TCP and UDP itself, for machines without a packet filter. See README.md for what it cannot do. */
export class UserspaceProxy implements ServiceProxy {
  readonly name = 'userspace';
  readonly #options: FrontOptions;
  readonly #fronts: Fronts;
  readonly #ignored: IgnoredExternalIPs | undefined;

  constructor({ clock, nodePortAddresses = ['127.0.0.1', '::1'], externalIPs = false, ...limits }: UserspaceProxyOptions) {
    this.#options = { nodePortAddresses, externalIPs };
    this.#ignored = externalIPs ? undefined : new IgnoredExternalIPs();
    this.#fronts = new Fronts({ ...defaultLimits, ...limits }, clock);
  }

  async sync({ ports }: ProxyState, changed: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<ProxyReport> {
    signal.throwIfAborted();
    const problems = [...ports.values()].flatMap((port) => problemOf(port) ?? []);
    const invalid = new Set(problems.map(({ port }) => port));
    const sound = [...ports.values()].filter(({ key }) => !invalid.has(key));
    const wanted = new Map<string, Front>();
    // Of two services that want one address the same wins every time.
    for (const port of sound.toSorted((a, b) => (a.key < b.key ? 1 : -1))) {
      for (const front of frontsOf(port, this.#options)) wanted.set(frontKey(front), front);
    }
    await this.#fronts.bring(wanted, signal);
    return { problems: [...problems, ...sound.flatMap((port) => this.#unreached(port, wanted) ?? []), ...(this.#ignored?.update(ports, changed) ?? [])], repaired: 0 };
  }

  async status(): Promise<void> {
    // Sockets are there wherever Node is.
  }

  async remove(): Promise<void> {
    await this.#fronts.close();
  }

  /** That a load balancer's address is not here is as it should be; a port that nobody can reach is not. */
  #unreached(port: ProxyPort, wanted: ReadonlyMap<string, Front>): ProxyProblem | undefined {
    const fronts = frontsOf(port, this.#options).filter((front) => wanted.get(frontKey(front))?.owner === port.key);
    if (fronts.some((front) => this.#fronts.isOpen(front))) return undefined;
    const reasons = fronts.map((front) => this.#fronts.whyClosed(front)).filter((reason) => reason !== undefined);
    return { port: port.key, message: reasons.length > 0 ? reasons.join('; ') : 'another service has its addresses and ports' };
  }
}

function problemOf(port: ProxyPort): ProxyProblem | undefined {
  if (port.protocol === 'SCTP') return { port: port.key, message: 'a program cannot forward SCTP' };
  try {
    checkPort(port);
    return undefined;
  } catch (error) {
    return { port: port.key, message: error instanceof Error ? error.message : String(error) };
  }
}
