import type { Clock } from '#core/kernel/clock.ts';
import type { ProxyPort, ProxyProblem, ProxyReport, ProxyState, ServiceProxy } from '#core/spi/service-proxy.ts';
import { checkPort } from '#plugins/proxy/check-port.ts';
import { frontKey, frontsOf, type Front, type FrontOptions } from './front.ts';
import { TcpForwarder, type Forwarder, type ForwarderLimits } from './tcp-forwarder.ts';
import { UdpForwarder } from './udp-forwarder.ts';

export interface UserspaceProxyOptions extends Partial<FrontOptions>, Partial<ForwarderLimits> {
  readonly clock: Clock;
}

const defaults: FrontOptions & ForwarderLimits = {
  nodePortAddresses: ['127.0.0.1', '::1'], externalIPs: false,
  idleMs: 3_600_000, udpIdleMs: 60_000, connectMs: 5000, mostConnections: 10_000, mostClients: 1000,
};

interface Open {
  front: Front;
  readonly forwarder: Forwarder;
}

/** Addresses that are opened at once. */
const atOnce = 64;

/** Forwards TCP and UDP itself, for machines without a packet filter. See README.md for what it cannot do. */
export class UserspaceProxy implements ServiceProxy {
  readonly name = 'userspace';
  readonly #clock: Clock;
  readonly #options: FrontOptions & ForwarderLimits;
  readonly #open = new Map<string, Open>();
  /** By owner: what could not be opened, and why. */
  readonly #closed = new Map<string, Map<string, string>>();

  constructor({ clock, ...options }: UserspaceProxyOptions) {
    this.#clock = clock;
    this.#options = { ...defaults, ...options };
  }

  async sync({ ports }: ProxyState, _changed: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<ProxyReport> {
    signal.throwIfAborted();
    const wanted = new Map<string, Front>();
    // Of two services that want one address the same wins every time.
    const invalid = new Map([...ports.values()].flatMap((port) => {
      const problem = problemOf(port);
      return problem === undefined ? [] : [[port.key, problem] as const];
    }));
    for (const port of [...ports.values()].filter(({ key }) => !invalid.has(key)).toSorted((a, b) => (a.key < b.key ? 1 : -1))) {
      for (const front of frontsOf(port, this.#options)) wanted.set(frontKey(front), front);
    }
    await this.#closeOthers(wanted);
    this.#closed.clear();
    const fronts = [...wanted.values()];
    for (let at = 0; at < fronts.length; at += atOnce) {
      signal.throwIfAborted();
      await Promise.all(fronts.slice(at, at + atOnce).map((front) => this.#bring(front)));
    }
    return { problems: [...ports.values()].flatMap((port) => invalid.get(port.key) ?? this.#problem(port, wanted) ?? []), repaired: 0 };
  }

  async status(): Promise<void> {
    // Sockets are there wherever Node is.
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ forwarder }) => forwarder.close(true)));
    this.#open.clear();
  }

  async #closeOthers(wanted: ReadonlyMap<string, Front>): Promise<void> {
    const others = [...this.#open].filter(([key]) => !wanted.has(key));
    for (const [key] of others) this.#open.delete(key);
    await Promise.all(others.map(([, { forwarder }]) => forwarder.close(false)));
  }

  /** What could not be opened is tried again each time: the address may have come to this machine meanwhile. */
  async #bring(front: Front): Promise<void> {
    const key = frontKey(front);
    const known = this.#open.get(key);
    if (known !== undefined) {
      known.front = front;
      known.forwarder.update(front);
      return;
    }
    try {
      const forwarder = await (front.protocol === 'tcp' ? TcpForwarder : UdpForwarder).open(front, this.#options, this.#clock);
      this.#open.set(key, { front, forwarder });
    } catch (error) {
      const closed = this.#closed.get(front.owner) ?? new Map<string, string>();
      this.#closed.set(front.owner, closed.set(key, whyClosed(front, error)));
    }
  }

  /** That a load balancer's address is not here is as it should be; a port that nobody can reach is not. */
  #problem(port: ProxyPort, wanted: ReadonlyMap<string, Front>): ProxyProblem[] | undefined {
    if (port.protocol === 'SCTP') return [{ port: port.key, message: 'a program cannot forward SCTP' }];
    const fronts = frontsOf(port, this.#options).map((front) => wanted.get(frontKey(front)));
    const isReached = fronts.some((front) => front?.owner === port.key && this.#open.has(frontKey(front)));
    if (isReached) return undefined;
    const reasons = [...(this.#closed.get(port.key)?.values() ?? [])];
    return [{ port: port.key, message: reasons.length > 0 ? reasons.join('; ') : 'another service has its addresses and ports' }];
  }
}

function problemOf(port: ProxyPort): ProxyProblem | undefined {
  try {
    checkPort(port);
    return undefined;
  } catch (error) {
    return { port: port.key, message: error instanceof Error ? error.message : String(error) };
  }
}

function whyClosed({ address, port }: Front, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRNOTAVAIL': return `${address} is no address of this machine`;
    case 'EADDRINUSE': return `something else listens on ${address} port ${port}`;
    case 'EACCES': return `this user may not listen on port ${port}`;
    default: return `cannot listen on ${address} port ${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
