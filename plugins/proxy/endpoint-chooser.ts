import type { Clock } from '#core/kernel/clock.ts';
import type { ProxyEndpoint } from '#core/spi/service-proxy.ts';
import { dropOldest } from '#core/kernel/oldest.ts';

/** Clients whose endpoint is remembered; beyond it the one that has been away longest is forgotten. */
const mostClients = 10_000;

interface Choice {
  readonly endpoint: string;
  readonly at: number;
}

const nameOf = ({ address, port }: ProxyEndpoint): string => `${address} ${port}`;

/** Round robin over the endpoints of one port; with affinity a client stays where it was. */
export class EndpointChooser {
  readonly #clock: Clock;
  readonly #choices = new Map<string, Choice>();
  #endpoints: readonly ProxyEndpoint[] = [];
  #names: ReadonlySet<string> = new Set();
  #affinityMs: number | undefined;
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#endpoints.length;
  }

  update(endpoints: readonly ProxyEndpoint[], affinitySeconds: number | undefined): void {
    this.#endpoints = endpoints;
    this.#names = new Set(endpoints.map(nameOf));
    this.#affinityMs = affinitySeconds === undefined ? undefined : affinitySeconds * 1000;
    if (this.#affinityMs === undefined) this.#choices.clear();
  }

  has(endpoint: ProxyEndpoint): boolean {
    return this.#names.has(nameOf(endpoint));
  }

  /** Undefined when there is none. */
  choose(client: string): ProxyEndpoint | undefined {
    const endpoint = this.#remembered(client) ?? this.#endpoints[this.#next++ % Math.max(1, this.#endpoints.length)];
    if (endpoint !== undefined && this.#affinityMs !== undefined) this.#remember(client, endpoint);
    return endpoint;
  }

  /** The client could not be served there. */
  forget(client: string): void {
    this.#choices.delete(client);
  }

  #remembered(client: string): ProxyEndpoint | undefined {
    const choice = this.#choices.get(client);
    if (choice === undefined || this.#affinityMs === undefined || this.#clock.now() - choice.at >= this.#affinityMs) return undefined;
    return this.#endpoints.find((endpoint) => nameOf(endpoint) === choice.endpoint);
  }

  #remember(client: string, endpoint: ProxyEndpoint): void {
    this.#choices.delete(client);
    this.#choices.set(client, { endpoint: nameOf(endpoint), at: this.#clock.now() });
    if (this.#choices.size > mostClients) dropOldest(this.#choices);
  }
}
