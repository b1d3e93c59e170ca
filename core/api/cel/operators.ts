import { add, divide, modulo, multiply, negate, subtract } from './arithmetic.ts';
import { compare, equals } from './equality.ts';
import type { Frame } from './frame.ts';
import { Failure, isInt, isList, isMap, listSize, eachItem, mapGet, noSuchOverload, normalInt, Opaque, Double, Uint } from './values.ts';

/** A planned expression: its value, or a failure. */
export type Eval = (frame: Frame) => unknown;

const traversal = 0.1;
/** Whatever is shorter costs one unit to compare. */
const cheap = 10;

/** What comparing two values costs: a tenth of the shorter one's size. */
function comparisonCost(a: unknown, b: unknown, frame: Frame): number {
  if (typeof a === 'string' && typeof b === 'string') {
    const shorter = Math.min(a.length, b.length);
    if (shorter <= cheap) return shorter === 0 ? 0 : 1;
  }
  return a instanceof Opaque ? 1 : Math.ceil(Math.min(frame.sizeOf(a), frame.sizeOf(b)) * traversal);
}

type Binary = (left: Eval, right: Eval) => Eval;

const arithmetic = (apply: (a: unknown, b: unknown) => unknown): Binary => (left, right) => (frame) => {
  const a = left(frame);
  const b = right(frame);
  const long = (typeof a === 'string' && typeof b === 'string') || (a instanceof Uint8Array && b instanceof Uint8Array);
  frame.charge(long ? Math.ceil((frame.sizeOf(a) + frame.sizeOf(b)) * traversal) : 1);
  if (a instanceof Failure) return a;
  return b instanceof Failure ? b : apply(a, b);
};

const relation = (holds: (order: number) => boolean, ofNumbers: (a: number, b: number) => boolean): Binary => (left, right) => (frame) => {
  const a = left(frame);
  const b = right(frame);
  if (typeof a === 'number' && typeof b === 'number') {
    frame.charge(1);
    return ofNumbers(a, b);
  }
  frame.charge(comparisonCost(a, b, frame));
  if (a instanceof Failure) return a;
  if (b instanceof Failure) return b;
  const order = compare(a, b);
  return order instanceof Failure ? order : order !== undefined && holds(order);
};

const equality = (wanted: boolean): Binary => (left, right) => (frame) => {
  const a = left(frame);
  const b = right(frame);
  if (typeof a === 'number' && typeof b === 'number') {
    frame.charge(1);
    return (a === b) === wanted;
  }
  frame.charge(comparisonCost(a, b, frame));
  if (a instanceof Failure) return a;
  return b instanceof Failure ? b : equals(a, b, frame) === wanted;
};

/** An error on one side does not matter when the other side decides. */
const logical = (decisive: boolean): Binary => (left, right) => (frame) => {
  const a = left(frame);
  if (a === decisive) return decisive;
  const b = right(frame);
  if (b === decisive) return decisive;
  return bothBool(a, b) ?? !decisive;
};

/** Nothing when both are the bool that does not decide. */
export function bothBool(a: unknown, b: unknown): Failure | undefined {
  if (a instanceof Failure) return a;
  if (b instanceof Failure) return b;
  return typeof a === 'boolean' && typeof b === 'boolean' ? undefined : noSuchOverload;
}

const membership: Binary = (left, right) => (frame) => {
  const sought = left(frame);
  const container = right(frame);
  frame.charge(isList(container) ? listSize(container) : 1);
  if (sought instanceof Failure) return sought;
  if (container instanceof Failure) return container;
  if (isList(container)) return !eachItem(container, (item) => !equals(item, sought, frame));
  return isMap(container) ? mapGet(container, sought) !== undefined : noSuchOverload;
};

export const binaries: ReadonlyMap<string, Binary> = new Map([
  ['_&&_', logical(false)], ['_||_', logical(true)], ['_==_', equality(true)], ['_!=_', equality(false)], ['@in', membership],
  ['_<_', relation((order) => order < 0, (a, b) => a < b)], ['_<=_', relation((order) => order <= 0, (a, b) => a <= b)],
  ['_>_', relation((order) => order > 0, (a, b) => a > b)], ['_>=_', relation((order) => order >= 0, (a, b) => a >= b)],
  ['_+_', arithmetic(add)], ['_-_', arithmetic(subtract)], ['_*_', arithmetic(multiply)], ['_/_', arithmetic(divide)], ['_%_', arithmetic(modulo)],
]);

const unary = (apply: (value: unknown) => unknown) => (operand: Eval): Eval => (frame) => {
  const value = operand(frame);
  frame.charge(1);
  return value instanceof Failure ? value : apply(value);
};

export const unaries: ReadonlyMap<string, (operand: Eval) => Eval> = new Map([
  ['!_', unary((value) => (typeof value === 'boolean' ? !value : noSuchOverload))], ['-_', unary(negate)],
]);

/** The form in which equal scalars are the same; undefined for what is no scalar. */
function scalarForm(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || isInt(value)) return value;
  if (value instanceof Uint) return normalInt(value.value);
  if (!(value instanceof Double)) return undefined;
  return Number.isInteger(value.value) ? normalInt(BigInt(value.value)) : value.value;
}

/** `x in [constants]`, which upstream looks up in a set and does not charge for. Undefined when the list holds other than scalars. */
export function constantMembership(sought: Eval, list: readonly unknown[]): Eval | undefined {
  const forms = new Set(list.map(scalarForm));
  if (forms.has(undefined)) return undefined;
  forms.delete(Number.NaN);
  return (frame) => {
    const value = sought(frame);
    if (value instanceof Failure) return value;
    const form = scalarForm(value);
    return form !== undefined && forms.has(form);
  };
}
