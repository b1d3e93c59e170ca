import { add } from '#core/api/cel/arithmetic.ts';
import { traversal, type CostRule } from '#core/api/cel/cost-rules.ts';
import { compare, equals } from '#core/api/cel/equality.ts';
import type { Frame } from '#core/api/cel/frame.ts';
import { member, type Overload } from '#core/api/cel/function.ts';
import { one, plus, scaled, times, unknownSize } from '#core/api/cel/range.ts';
import { Duration } from '#core/api/cel/time.ts';
import { anyList, bool, bytes, double, duration, int, param, string, timestamp, uint, type CelType } from '#core/api/cel/types.ts';
import { Double, eachItem, Failure, isList, isMap, listAt, listSize, mapGet, mapKeys, Uint, type CelList } from '#core/api/cel/values.ts';

/** The cost of walking through a value and all that is in it. */
function walked(value: unknown, frame: Frame): number {
  frame.toil(1);
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * traversal);
  if (value instanceof Uint8Array) return Math.floor(value.length * traversal);
  let cost = 0;
  if (isList(value)) {
    eachItem(value, (item) => (cost += walked(item, frame)) >= 0);
    return cost;
  }
  if (!isMap(value)) return 1;
  for (const key of mapKeys(value)) cost += walked(key, frame) + walked(mapGet(value, key), frame);
  return cost;
}

const walks: CostRule = {
  estimate: ({ sizes: [size = unknownSize], types: [list], items }) => {
    const of = list?.kind === 'list' ? list.of.kind : 'dyn';
    return { cost: times(size, of === 'string' || of === 'bytes' ? plus(one, scaled(items, traversal)) : one) };
  },
  actual: (frame, [list]) => walked(list, frame),
};

function isSorted(list: CelList): boolean | Failure {
  let previous: unknown;
  let result: boolean | Failure = true;
  eachItem(list, (item, index) => {
    const order = index === 0 ? 0 : compare(previous, item);
    previous = item;
    if (order instanceof Failure) result = order;
    else if (order !== undefined && order > 0) result = false;
    return result === true;
  });
  return result;
}

const sumFrom = (none: unknown) => (list: CelList): unknown => {
  let total = none;
  eachItem(list, (item, index) => {
    // What the list was declared to hold may be dyn: the first item tells.
    total = index === 0 ? item : add(total, item);
    return !(total instanceof Failure);
  });
  return total;
};

const extreme = (name: string, sign: 1 | -1) => (list: CelList): unknown => {
  let best: unknown = new Failure(`${name} called on empty list`);
  eachItem(list, (item, index) => {
    const order = index === 0 ? 1 : compare(item, best);
    if (order instanceof Failure) best = order;
    else if (index === 0 || (order !== undefined && order * sign > 0)) best = item;
    return !(best instanceof Failure);
  });
  return best;
};

function indexOf(list: CelList, item: unknown, frame: Frame): number {
  for (let i = 0; i < listSize(list); i++) if (equals(listAt(list, i), item, frame)) return i;
  return -1;
}

function lastIndexOf(list: CelList, item: unknown, frame: Frame): number {
  for (let i = listSize(list) - 1; i >= 0; i--) if (equals(listAt(list, i), item, frame)) return i;
  return -1;
}

const comparable: readonly CelType[] = [int, uint, double, bool, duration, timestamp, string, bytes];
const summable: readonly (readonly [CelType, unknown])[] = [[int, 0], [uint, new Uint(0n)], [double, new Double(0)], [duration, new Duration(0n)]];
const a = param('A');

export const lists: readonly Overload[] = [
  ...comparable.flatMap((type) => [
    member('isSorted', [anyList(type)], bool, isSorted, walks),
    member('min', [anyList(type)], type, extreme('min', -1), walks),
    member('max', [anyList(type)], type, extreme('max', 1), walks),
  ]),
  ...summable.map(([type, none]) => member('sum', [anyList(type)], type, sumFrom(none), walks)),
  member('indexOf', [anyList(a), a], int, indexOf, walks),
  member('lastIndexOf', [anyList(a), a], int, lastIndexOf, walks),
];
