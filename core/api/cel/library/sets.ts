import { equals } from '#core/api/cel/equality.ts';
import type { CostRule } from '#core/api/cel/cost-rules.ts';
import type { Frame } from '#core/api/cel/frame.ts';
import { global, type Overload } from '#core/api/cel/function.ts';
import { one, plus, scaled, times, unknownSize } from '#core/api/cel/range.ts';
import { anyList, bool, param } from '#core/api/cel/types.ts';
import { eachItem, type CelList } from '#core/api/cel/values.ts';

const has = (list: CelList, sought: unknown, frame: Frame): boolean => !eachItem(list, (item) => !equals(item, sought, frame));
const containsAll = (list: CelList, sought: CelList, frame: Frame): boolean => eachItem(sought, (item) => has(list, item, frame));

/** Each item of one list is sought in the other. */
const pairs = (rounds: number): CostRule => ({
  estimate: ({ sizes: [left = unknownSize, right = unknownSize] }) => ({ cost: plus(scaled(times(left, right), rounds), one) }),
  actual: (frame, [left, right]) => frame.sizeOf(left) * frame.sizeOf(right) * rounds + 1,
});

const list = anyList(param('T'));

export const sets: readonly Overload[] = [
  global('sets.contains', [list, list], bool, containsAll, pairs(1)),
  global('sets.equivalent', [list, list], bool, (a: CelList, b: CelList, frame: Frame) => containsAll(a, b, frame) && containsAll(b, a, frame), pairs(2)),
  global('sets.intersects', [list, list], bool, (a: CelList, b: CelList, frame: Frame) => !eachItem(a, (item) => !has(b, item, frame)), pairs(1)),
];
