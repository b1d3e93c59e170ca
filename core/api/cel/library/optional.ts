import type { Frame } from '#core/api/cel/frame.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { anyList, bool, optionalOf, param } from '#core/api/cel/types.ts';
import { Double, eachItem, Failure, listAt, listSize, Optional, Uint, type CelList } from '#core/api/cel/values.ts';
import { Duration } from '#core/api/cel/time.ts';

const t = param('T');
const optionalT = optionalOf(t);
const listT = anyList(t);

function isZero(value: unknown, frame: Frame): boolean {
  if (value === null || value === false || value === 0 || value === '') return true;
  if (value instanceof Double) return value.value === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  return typeof value === 'object' && frame.sizeOf(value) === 0;
}

const dereferenced = ({ value }: Optional): unknown => (value === undefined ? new Failure('optional.none() dereference') : value);

function unwrapped(list: CelList): unknown[] {
  const present: unknown[] = [];
  eachItem(list, (item) => {
    if (item instanceof Optional && item.present) present.push(item.value);
    return true;
  });
  return present;
}

/** `or` and `orValue` are planned: they leave out what they do not need. */
export const optionals: readonly Overload[] = [
  global('optional.of', [t], optionalT, (value: unknown) => new Optional(value)),
  global('optional.ofNonZeroValue', [t], optionalT, (value: unknown, frame: Frame) => (isZero(value, frame) ? Optional.none : new Optional(value))),
  global('optional.none', [], optionalT, () => Optional.none),
  global('optional.unwrap', [anyList(optionalT)], listT, unwrapped),
  member('unwrapOpt', [anyList(optionalT)], listT, unwrapped),
  member('value', [optionalT], t, dereferenced),
  member('hasValue', [optionalT], bool, (optional: Optional) => optional.present),
  member('or', [optionalT, optionalT], optionalT, () => undefined),
  member('orValue', [optionalT, t], t, () => undefined),
  member('first', [listT], optionalT, (list: CelList) => (listSize(list) === 0 ? Optional.none : new Optional(listAt(list, 0)))),
  member('last', [listT], optionalT, (list: CelList) => (listSize(list) === 0 ? Optional.none : new Optional(listAt(list, listSize(list) - 1)))),
];
