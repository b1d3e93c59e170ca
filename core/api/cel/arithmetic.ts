import { ConcatList, TypedList } from './containers.ts';
import { Duration, durationOverflow, Timestamp } from './time.ts';
import { Double, Failure, isInt, isList, maxInt, maxUint, minInt, normalInt, noSuchOverload, Uint, type CelList } from './values.ts';

export const intOverflow = new Failure('integer overflow');
export const uintOverflow = new Failure('unsigned integer overflow');
const divisionByZero = new Failure('division by zero');
const modulusByZero = new Failure('modulus by zero');

/** An int of 64 bits, or that it is none. */
export const checkedInt = (value: bigint): number | bigint | Failure => (value < minInt || value > maxInt ? intOverflow : normalInt(value));
export const checkedUint = (value: bigint): Uint | Failure => (value < 0n || value > maxUint ? uintOverflow : new Uint(value));

type Whole = (a: bigint, b: bigint) => bigint;

/** The same operation for ints, uints and doubles; anything else is no overload. */
function numbers(a: unknown, b: unknown, whole: Whole, real: ((a: number, b: number) => number) | undefined): unknown {
  if (isInt(a) && isInt(b)) return checkedInt(whole(BigInt(a), BigInt(b)));
  if (a instanceof Uint && b instanceof Uint) return checkedUint(whole(a.value, b.value));
  return real !== undefined && a instanceof Double && b instanceof Double ? new Double(real(a.value, b.value)) : noSuchOverload;
}

export function add(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (isList(a) && isList(b)) return addLists(a, b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Uint8Array.from(Buffer.concat([a, b]));
  return addTimes(a, b) ?? numbers(a, b, (x, y) => x + y, (x, y) => x + y);
}

const addLists = (a: CelList, b: CelList): unknown => (a instanceof TypedList && a.merge !== 'atomic' ? a.mergedWith(b) : ConcatList.of(a, b));

function addTimes(a: unknown, b: unknown): unknown {
  if (a instanceof Timestamp && b instanceof Duration) return a.plus(b);
  if (a instanceof Duration && b instanceof Timestamp) return b.plus(a);
  return a instanceof Duration && b instanceof Duration ? Duration.of(a.nanos + b.nanos) : undefined;
}

export function subtract(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  if (a instanceof Timestamp && b instanceof Timestamp) return a.since(b);
  if (a instanceof Timestamp && b instanceof Duration) return b.nanos === minInt ? durationOverflow : a.plus(new Duration(-b.nanos));
  if (a instanceof Duration && b instanceof Duration) return Duration.of(a.nanos - b.nanos);
  return numbers(a, b, (x, y) => x - y, (x, y) => x - y);
}

export function multiply(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    // Adding zero makes -0 the one zero that ints have.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return numbers(a, b, (x, y) => x * y, (x, y) => x * y);
}

export function divide(a: unknown, b: unknown): unknown {
  if (isZero(b)) return isInt(a) === isInt(b) ? divisionByZero : noSuchOverload;
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0;
  return numbers(a, b, (x, y) => x / y, (x, y) => x / y);
}

export function modulo(a: unknown, b: unknown): unknown {
  if (isZero(b)) return isInt(a) === isInt(b) ? modulusByZero : noSuchOverload;
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return numbers(a, b, (x, y) => x % y, undefined);
}

const isZero = (value: unknown): boolean => value === 0 || (value instanceof Uint && value.value === 0n);

export function negate(value: unknown): unknown {
  if (typeof value === 'number') return 0 - value;
  if (typeof value === 'bigint') return checkedInt(-value);
  if (value instanceof Double) return new Double(-value.value);
  return value instanceof Duration ? Duration.of(-value.nanos) : noSuchOverload;
}
