/** Lets one through at once, and then so many per second. */
export class TokenBucket {
  #tokens = 1;
  #rate: number;
  #at: number;

  /** @param now milliseconds since the epoch */
  constructor(perSecond: number, now: number) {
    this.#rate = perSecond;
    this.#at = now;
  }

  /** What was saved up stays, and no more comes of it. */
  setRate(perSecond: number, now: number): void {
    this.#fill(now);
    this.#rate = perSecond;
  }

  /** Milliseconds until one may go through; Infinity when none will. */
  waitMs(now: number): number {
    this.#fill(now);
    if (this.#rate === 0) return Number.POSITIVE_INFINITY;
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#rate) * 1000);
  }

  /** One went through. */
  take(): void {
    this.#tokens -= 1;
  }

  #fill(now: number): void {
    // Billionths: sums of thousandths do not make one otherwise.
    this.#tokens = Math.min(1, Math.round((this.#tokens + (Math.max(0, now - this.#at) / 1000) * this.#rate) * 1e9) / 1e9);
    this.#at = now;
  }
}
