interface Sample {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly nanoseconds: bigint;
  readonly rate: bigint | undefined;
}

/** Two samples that are closer say little. */
const leastMs = 1000;

/** Nanoseconds of CPU in a second, from what was counted before. */
export class CpuRates {
  #samples = new Map<string, Sample>();
  #next = new Map<string, Sample>();

  /** Undefined at the first time. */
  rateOf(id: string, time: number, nanoseconds: bigint): bigint | undefined {
    const last = this.#samples.get(id);
    const elapsed = last === undefined ? 0 : time - last.time;
    const isNew = last === undefined || elapsed >= leastMs;
    const rate = last !== undefined && isNew && nanoseconds >= last.nanoseconds ? (nanoseconds - last.nanoseconds) * 1000n / BigInt(Math.round(elapsed)) : last?.rate;
    this.#next.set(id, isNew ? { time, nanoseconds, rate } : last);
    return rate;
  }

  /** Forgets those of whom nothing was heard since it was called last. */
  turn(): void {
    this.#samples = this.#next;
    this.#next = new Map();
  }
}
