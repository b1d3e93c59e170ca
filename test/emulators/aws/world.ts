import { delaysFrom, type DelayName, type Delays } from './delays.ts';
import { isRegion } from './geography.ts';
import { hashText, Random } from './random.ts';
import { Region } from './region.ts';
import { usualQuotas, type QuotaName, type Quotas } from './quotas.ts';
import type { Timeline } from './timeline.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly accountId: string;
  readonly delays?: Partial<Delays> | 'none';
  readonly quotas?: Partial<Quotas>;
}

/** All that exists in the emulated account. */
export class World {
  readonly timeline: Timeline;
  readonly accountId: string;
  readonly seed: number;
  delays: Delays;
  readonly #quotas: Record<QuotaName, number>;
  readonly #regions = new Map<string, Region>();

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

  quota(name: QuotaName): number {
    return this.#quotas[name];
  }

  setQuotas(quotas: Partial<Quotas>): void {
    Object.assign(this.#quotas, quotas);
  }

  delay(name: DelayName): Delays[DelayName] {
    return this.delays[name];
  }
}
