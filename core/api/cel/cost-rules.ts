import type { Frame } from './frame.ts';
import { exactly, one, plus, scaled, times, type Range } from './range.ts';
import type { CelType } from './types.ts';

/** Going through one character, byte or item. */
export const traversal = 0.1;
/** One character of a regular expression: about four make a state. */
export const patternFactor = 0.25;

/** What the estimate knows of a call. */
export interface CallSizes {
  /** Receiver first. */
  readonly sizes: readonly Range[];
  readonly types: readonly CelType[];
  /** The size of items of the receiver. */
  readonly items: Range;
  /** Constant arguments; undefined for others. */
  readonly constants: readonly unknown[];
}

export interface Estimate {
  readonly cost: Range;
  /** Of the result; undefined when nothing is known. */
  readonly size?: Range | undefined;
}

/** What a call costs on top of its arguments, ahead of time and when it happens. The numbers are upstream's: they decide which CRDs are accepted. */
export interface CostRule {
  estimate(call: CallSizes): Estimate;
  /** @param args receiver first */
  actual(frame: Frame, args: readonly unknown[]): number;
  /** When the cost depends on the result: taken after the call instead. */
  readonly ofResult?: (frame: Frame, result: unknown) => number;
}

const sizeAt = (call: CallSizes, index: number): Range => call.sizes[index] ?? one;

export const fixed = (cost: number): CostRule => ({ estimate: () => ({ cost: exactly(cost) }), actual: () => cost });
export const unit = fixed(1);

/** Goes through one argument. @param resized whether the result is as long */
export const traverses = (index: number, factor = 1, resized = false): CostRule => ({
  estimate: (call) => ({ cost: scaled(sizeAt(call, index), factor * traversal), size: resized ? sizeAt(call, index) : undefined }),
  actual: (frame, args) => Math.ceil(frame.sizeOf(args[index]) * factor * traversal),
});

/** The estimate goes by the second argument, the actual cost by the first: so upstream counts `startsWith` and `endsWith`. */
export const affix: CostRule = {
  estimate: (call) => ({ cost: scaled(sizeAt(call, 1), traversal) }),
  actual: (frame, args) => Math.ceil(frame.sizeOf(args[0]) * traversal),
};

export const searches: CostRule = {
  estimate: (call) => ({ cost: times(scaled(sizeAt(call, 0), traversal), scaled(sizeAt(call, 1), traversal)) }),
  actual: (frame, args) => Math.ceil(frame.sizeOf(args[0]) * traversal) * Math.ceil(frame.sizeOf(args[1]) * traversal),
};

/** Matches a regular expression. @param finds whether the result is text of the input */
export const matching = (finds: boolean): CostRule => ({
  estimate: (call) => ({
    cost: times(scaled(plus(sizeAt(call, 0), one), traversal), scaled(sizeAt(call, 1), patternFactor)),
    size: finds ? { min: 0, max: sizeAt(call, 0).max } : undefined,
  }),
  actual: (frame, args) => Math.ceil((frame.sizeOf(args[0]) + 1) * traversal) * Math.ceil(frame.sizeOf(args[1]) * patternFactor),
});

/** Compares two values as far as the shorter one goes. */
export const compares: CostRule = {
  estimate: (call) => {
    const max = Math.min(sizeAt(call, 0).max, sizeAt(call, 1).max);
    return { cost: scaled({ min: max > 0 ? 1 : 0, max }, traversal) };
  },
  actual: (frame, args) => Math.ceil(Math.min(frame.sizeOf(args[0]), frame.sizeOf(args[1])) * traversal),
};

/** Concatenation of strings or bytes. */
export const joins: CostRule = {
  estimate: (call) => {
    const size = plus(sizeAt(call, 0), sizeAt(call, 1));
    return { cost: scaled(size, traversal), size };
  },
  actual: (frame, args) => Math.ceil((frame.sizeOf(args[0]) + frame.sizeOf(args[1])) * traversal),
};

/** Concatenation of lists, which copies nothing. */
export const chains: CostRule = {
  estimate: (call) => ({ cost: one, size: plus(sizeAt(call, 0), sizeAt(call, 1)) }),
  actual: () => 1,
};

/** Looks at each item of the second argument. */
export const contains: CostRule = {
  estimate: (call) => ({ cost: sizeAt(call, 1) }),
  actual: (frame, args) => frame.sizeOf(args[1]),
};
