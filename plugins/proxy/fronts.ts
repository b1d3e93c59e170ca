import type { Clock } from '#core/kernel/clock.ts';
import { frontKey, type Front } from './front.ts';
import { TcpForwarder, type Forwarder, type ForwarderLimits } from './tcp-forwarder.ts';
import { UdpForwarder } from './udp-forwarder.ts';

export const defaultLimits: ForwarderLimits = { idleMs: 3_600_000, udpIdleMs: 60_000, connectMs: 5000, mostConnections: 10_000, mostClients: 1000 };

/** Addresses that are opened at once. */
const atOnce = 64;

/** All the addresses and ports at which this process waits for clients of services. */
export class Fronts {
  readonly #limits: ForwarderLimits;
  readonly #clock: Clock;
  readonly #open = new Map<string, Forwarder>();
  readonly #closed = new Map<string, string>();

  constructor(limits: ForwarderLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  isOpen(front: Front): boolean {
    return this.#open.has(frontKey(front));
  }

  /** Why it could not be opened; undefined when it could, or nobody tried. */
  whyClosed(front: Front): string | undefined {
    return this.#closed.get(frontKey(front));
  }

  /** Makes these the only ones, by their keys. What cannot be opened is tried again each time: its address may have come to this machine meanwhile. */
  async bring(wanted: ReadonlyMap<string, Front>, signal: AbortSignal): Promise<void> {
    const others = [...this.#open].filter(([key]) => !wanted.has(key));
    for (const [key] of others) this.#open.delete(key);
    await Promise.all(others.map(([, forwarder]) => forwarder.close(false)));
    this.#closed.clear();
    const fronts = [...wanted];
    for (let at = 0; at < fronts.length; at += atOnce) {
      signal.throwIfAborted();
      await Promise.all(fronts.slice(at, at + atOnce).map(([key, front]) => this.#bring(key, front)));
    }
  }

  /** Ends all connections too. */
  async close(): Promise<void> {
    const forwarders = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(forwarders.map((forwarder) => forwarder.close(true)));
  }

  async #bring(key: string, front: Front): Promise<void> {
    const known = this.#open.get(key);
    if (known !== undefined) {
      known.update(front);
      return;
    }
    try {
      this.#open.set(key, await (front.protocol === 'tcp' ? TcpForwarder : UdpForwarder).open(front, this.#limits, this.#clock));
    } catch (error) {
      this.#closed.set(key, reasonOf(front, error));
    }
  }
}

function reasonOf({ address, port }: Front, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRNOTAVAIL': return `${address} is no address of this machine`;
    case 'EADDRINUSE': return `something else listens on ${address} port ${port}`;
    case 'EACCES': return `this user may not listen on port ${port}`;
    default: return `cannot listen on ${address} port ${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
