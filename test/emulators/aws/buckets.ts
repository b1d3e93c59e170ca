import type { Bucket } from './service.ts';

/** Token buckets of one account, each full at first. */
export class Buckets {
  readonly #now: () => number;
  readonly #levels = new Map<string, { tokens: number; at: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes from all the buckets, or from none. @param scope buckets of other scopes are others */
  take(scope: string, buckets: readonly Bucket[]): boolean {
    const levels = buckets.map((bucket) => this.#level(scope, bucket));
    if (buckets.some(({ cost = 1 }, index) => (levels[index]?.tokens ?? 0) < cost)) return false;
    buckets.forEach(({ cost = 1 }, index) => {
      const level = levels[index];
      if (level !== undefined) level.tokens -= cost;
    });
    return true;
  }

  #level(scope: string, { name, capacity, perSecond }: Bucket): { tokens: number; at: number } {
    const key = `${scope}/${name}`;
    const now = this.#now();
    const level = this.#levels.get(key) ?? { tokens: capacity, at: now };
    level.tokens = Math.min(capacity, level.tokens + ((now - level.at) / 1000) * perSecond);
    level.at = now;
    this.#levels.set(key, level);
    return level;
  }
}
