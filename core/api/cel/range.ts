/** What stands for a size or cost without bound: 2^64, where upstream's counters end. */
export const unbounded = 2 ** 64;

/** From `min` to `max`, both included; sums and products end at `unbounded`. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export const exactly = (value: number): Range => ({ min: value, max: value });
export const zero = exactly(0);
export const one = exactly(1);
export const unknownSize: Range = { min: 0, max: unbounded };

const capped = (value: number): number => Math.min(value, unbounded);

export const plus = (a: Range, b: Range): Range => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) });
export const sum = (ranges: readonly Range[]): Range => ranges.reduce(plus, zero);
export const times = (a: Range, b: Range): Range => ({ min: capped(a.min * b.min), max: capped(a.max * b.max) });
/** Rounded up. */
export const scaled = (a: Range, factor: number): Range => ({ min: capped(Math.ceil(a.min * factor)), max: capped(Math.ceil(a.max * factor)) });
export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
