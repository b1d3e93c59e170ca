import type { Clock } from '#core/kernel/clock.ts';

/** Kube-proxy gives up on itself when changes wait for twice its sync period. */
const patienceMs = 60_000;

/** Whether the node's rules keep up with the cluster (KEP-3836). */
export class ProxyHealth {
  readonly #clock: Clock;
  #waitingSince: number | undefined;
  /** When the rules were last brought up to date; milliseconds since the epoch. */
  lastUpdated: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    // A proxy that never comes to its first sync is not healthy either.
    this.#waitingSince = this.lastUpdated = clock.now();
  }

  /** Something has changed that the rules do not show yet. */
  queued(): void {
    this.#waitingSince ??= this.#clock.now();
  }

  /** All that was queued before `asOf` is in the rules. */
  synced(asOf: number): void {
    this.lastUpdated = this.#clock.now();
    if (this.#waitingSince !== undefined && this.#waitingSince <= asOf) this.#waitingSince = undefined;
  }

  get isHealthy(): boolean {
    return this.#waitingSince === undefined || this.#clock.now() - this.#waitingSince < patienceMs;
  }
}
