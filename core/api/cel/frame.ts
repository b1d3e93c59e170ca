import { kindOf, listSize, MapValue, Opaque, type CelList, type CelMap } from './values.ts';

/** Thrown through everything when the budget is used up; no operator absorbs it. */
export class BudgetExceeded extends Error {}

/** Bounds what costs nothing by upstream's rules and still takes time here; far beyond any honest expression. */
const maxToil = 50_000_000;
/** The same in milliseconds, for what has no steps to count. */
const maxTime = 1000;
const tooLong = 'operation cancelled: the expression takes too long';
const cachedFrom = 64;

/** The state of one evaluation: variables, and what it has cost. */
export class Frame {
  readonly slots: unknown[];
  cost = 0;
  private readonly limit: number;
  private toiled = 0;
  private time = 0;
  private sizes: Map<unknown, number> | undefined;

  constructor(slots: unknown[], limit: number) {
    this.slots = slots;
    this.limit = limit;
  }

  /** @throws {BudgetExceeded} */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new BudgetExceeded('operation cancelled: actual cost limit exceeded');
  }

  /** Counts steps that no rule charges for. @throws {BudgetExceeded} */
  toil(steps: number): void {
    this.toiled += steps;
    if (this.toiled > maxToil) throw new BudgetExceeded(tooLong);
  }

  /** Runs work that asks now and then whether it is still in time. @throws {BudgetExceeded} when it was not */
  timed(work: (inTime: () => boolean) => void): void {
    const start = performance.now();
    const spent = (): number => this.time + performance.now() - start;
    work(() => spent() < maxTime);
    this.time = spent();
    if (this.time >= maxTime) throw new BudgetExceeded(tooLong);
  }

  /** As `size()` counts: code points, bytes, items, entries; 1 for what has no size. */
  sizeOf(value: unknown): number {
    if (typeof value === 'string') return value.length < cachedFrom ? this.codePoints(value) : this.cached(value, () => this.codePoints(value));
    if (typeof value !== 'object') return 1;
    if (value instanceof Opaque) return value.size;
    switch (kindOf(value)) {
      case 'list': return listSize(value as CelList);
      case 'bytes': return (value as Uint8Array).length;
      case 'map': return this.entries(value as CelMap);
      default: return 1;
    }
  }

  private entries(map: CelMap): number {
    if (map instanceof MapValue) return map.size;
    return this.cached(map, () => {
      let count = 0;
      for (const value of Object.values(map)) if (value !== undefined) count++;
      this.toil(count);
      return count;
    });
  }

  private codePoints(text: string): number {
    this.toil(text.length >> 4);
    let count = text.length;
    for (let i = 1; i < text.length; i++) {
      const low = text.charCodeAt(i);
      if (low >= 0xdc00 && low <= 0xdfff && isHigh(text.charCodeAt(i - 1))) count--;
    }
    return count;
  }

  private cached(value: unknown, count: () => number): number {
    this.sizes ??= new Map();
    let size = this.sizes.get(value);
    if (size === undefined) this.sizes.set(value, (size = count()));
    return size;
  }
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
