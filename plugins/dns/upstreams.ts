import type { Clock } from '#core/kernel/clock.ts';
import type { Endpoint } from './exchange.ts';
import { endpointText } from './endpoints.ts';

/** A name server to which questions are forwarded, and how it has done lately. */
export interface Upstream {
  readonly endpoint: Endpoint;
  /** False when it does not understand EDNS. */
  edns: boolean;
  /** In a row. */
  failures: number;
  /** Asked only after the others until then, in milliseconds since the epoch. */
  downUntil: number;
  /** What it is asked comes back to this server. */
  loops: boolean;
}

const downMs = 2000;
const longestDownMs = 30_000;

/** The name servers in the order in which they are to be asked: as they were given, those that have failed last. */
export class Upstreams {
  readonly #clock: Clock;
  #all: readonly Upstream[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that stay keep what is known of them. */
  set(endpoints: readonly Endpoint[]): void {
    const known = new Map(this.#all.map((upstream) => [endpointText(upstream.endpoint), upstream]));
    this.#all = endpoints.map((endpoint) => known.get(endpointText(endpoint)) ?? { endpoint, edns: true, failures: 0, downUntil: 0, loops: false });
  }

  get all(): readonly Upstream[] {
    return this.#all;
  }

  inOrder(): readonly Upstream[] {
    const now = this.#clock.now();
    const usable = this.#all.filter(({ loops }) => !loops);
    const down = usable.filter(({ downUntil }) => downUntil > now).toSorted((a, b) => a.downUntil - b.downUntil);
    return [...usable.filter(({ downUntil }) => downUntil <= now), ...down];
  }

  succeeded(upstream: Upstream): void {
    upstream.failures = 0;
    upstream.downUntil = 0;
  }

  failed(upstream: Upstream): void {
    upstream.downUntil = this.#clock.now() + Math.min(longestDownMs, downMs * 2 ** Math.min(upstream.failures++, 10));
  }
}
