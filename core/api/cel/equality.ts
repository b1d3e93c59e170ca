import { TypedList } from './containers.ts';
import type { Frame } from './frame.ts';
import {
  Double, eachItem, Equatable, Failure, isInt, kindOf, listAt, listSize, mapGet, mapKeys, noSuchOverload, Optional, Ordered, typeNameOf, Uint,
  type CelList, type CelMap,
} from './values.ts';

const isNumber = (value: unknown): boolean => isInt(value) || value instanceof Double || value instanceof Uint;
const numeric = (value: unknown): number | bigint => (value instanceof Double || value instanceof Uint ? value.value : (value as number | bigint));

/** Less than 0, 0, more than 0; undefined when one is NaN. Exact between all number types. */
function compareNumbers(a: unknown, b: unknown): number | undefined {
  const left = numeric(a);
  const right = numeric(b);
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? undefined : 0;
}

/** `==`: values of different types are unequal, numbers are equal across types, NaN to nothing. */
export function equals(a: unknown, b: unknown, frame: Frame): boolean {
  if (typeof a === 'string' || typeof b === 'string' || typeof a === 'boolean' || typeof b === 'boolean') return a === b;
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0;
  frame.toil(1);
  const kind = kindOf(a);
  if (kind !== kindOf(b) || a instanceof Failure || b instanceof Failure) return false;
  switch (kind) {
    case 'list': return equalLists(a as CelList, b as CelList, frame);
    case 'map': return equalMaps(a as CelMap, b as CelMap, frame);
    case 'bytes': return compareBytes(a as Uint8Array, b as Uint8Array) === 0;
    default: return equalScalars(a, b, frame);
  }
}

function equalScalars(a: unknown, b: unknown, frame: Frame): boolean {
  if (a instanceof Equatable) return b instanceof Equatable && typeNameOf(a) === typeNameOf(b) && a.same(b);
  if (a instanceof Optional) return b instanceof Optional && a.present === b.present && (!a.present || equals(a.value, b.value, frame));
  return a === b;
}

function equalLists(a: CelList, b: CelList, frame: Frame): boolean {
  if (listSize(a) !== listSize(b)) return false;
  frame.toil(listSize(a));
  const unordered = [a, b].find((list) => list instanceof TypedList && list.merge !== 'atomic');
  if (unordered instanceof TypedList) return equalInAnyOrder(unordered, unordered === a ? b : a, frame);
  return eachItem(a, (item, index) => equals(item, listAt(b, index), frame));
}

function equalInAnyOrder(list: TypedList, other: CelList, frame: Frame): boolean {
  const items = new Map<string, unknown>();
  eachItem(list, (item) => Boolean(items.set(list.keyOf(item), item)));
  return eachItem(other, (item) => {
    const key = list.keyOf(item);
    return items.has(key) && (list.merge === 'set' || equals(items.get(key), item, frame));
  });
}

function equalMaps(a: CelMap, b: CelMap, frame: Frame): boolean {
  if (frame.sizeOf(a) !== frame.sizeOf(b)) return false;
  frame.toil(frame.sizeOf(a));
  for (const key of mapKeys(a)) {
    const other = mapGet(b, key);
    if (other === undefined || !equals(mapGet(a, key), other, frame)) return false;
  }
  return true;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** By code points, as UTF-8 bytes order too; JavaScript's `<` goes by UTF-16 units. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  const left = a.charCodeAt(i);
  const right = b.charCodeAt(i);
  // Surrogates stand for code points above all others.
  if (isSurrogate(left) !== isSurrogate(right) && i < a.length && i < b.length) return isSurrogate(left) ? 1 : -1;
  return i >= a.length || (i < b.length && left < right) ? -1 : 1;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

function comparePrimitives(a: unknown, b: unknown): number | Failure {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  return typeof a === 'boolean' && typeof b === 'boolean' ? Number(a) - Number(b) : noSuchOverload;
}

/** Less than 0, 0, more than 0; undefined for NaN, a failure for what has no order. */
export function compare(a: unknown, b: unknown): number | undefined | Failure {
  if (isNumber(a)) return isNumber(b) ? compareNumbers(a, b) : noSuchOverload;
  if (typeof a !== 'object' || typeof b !== 'object') return comparePrimitives(a, b);
  if (a instanceof Ordered && b instanceof Ordered && a.kind === b.kind) return a.compare(b);
  return a instanceof Uint8Array && b instanceof Uint8Array ? compareBytes(a, b) : noSuchOverload;
}
