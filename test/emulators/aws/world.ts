import { delaysFrom, type Delay, type DelayName, type Delays } from './delays.ts';
import { isRegion } from './geography.ts';
import { hashText, Random } from './random.ts';
import { Region, type Account, type Change } from './region.ts';
import { usualQuotas, type QuotaName, type Quotas } from './quotas.ts';
import type { Timeline } from './timeline.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly accountId: string;
  readonly delays?: Partial<Delays> | 'none';
  readonly quotas?: Partial<Quotas>;
}

/** All that exists in the emulated account. */
export class World implements Account {
  readonly timeline: Timeline;
  readonly accountId: string;
  readonly seed: number;
  delays: Delays;
  readonly #quotas: Record<QuotaName, number>;
  readonly #regions = new Map<string, Region>();
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(timeline: Timeline, { seed, accountId, delays, quotas }: WorldOptions) {
    this.timeline = timeline;
    this.seed = seed;
    this.accountId = accountId;
    this.delays = delaysFrom(delays);
    this.#quotas = { ...usualQuotas, ...quotas };
  }

  /** Made on first use, from the seed and its name alone. */
  region(name: string): Region {
    let region = this.#regions.get(name);
    if (region !== undefined) return region;
    if (!isRegion(name)) throw new Error(`there is no region "${name}"`);
    this.#regions.set(name, region = new Region(this, name, new Random(hashText(`${this.seed}/${name}`))));
    return region;
  }

  /** Those that somebody has asked about. */
  regions(): Region[] {
    return [...this.#regions.values()];
  }

  /** @returns what ends it */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  quota(name: QuotaName): number {
    return this.#quotas[name];
  }

  setQuotas(quotas: Partial<Quotas>): void {
    Object.assign(this.#quotas, quotas);
  }

  delay(name: DelayName): Delay {
    return this.delays[name];
  }
}
