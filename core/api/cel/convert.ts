import { checkedInt, checkedUint, intOverflow, uintOverflow } from './arithmetic.ts';
import { Duration, durationOverflow, parseDuration, parseTimestamp, Timestamp } from './time.ts';
import { Double, Failure, isInt, maxInt, maxUint, minInt, noSuchOverload, TypeValue, typeNameOf, Uint } from './values.ts';

const inconvertible = (value: unknown, to: string): Failure => new Failure(`type conversion error from '${typeNameOf(value)}' to '${to}'`);

export function toInt(value: unknown): unknown {
  if (isInt(value)) return value;
  if (value instanceof Uint) return checkedInt(value.value);
  if (value instanceof Double) return doubleToWhole(value.value, -(2 ** 63), 2 ** 63, checkedInt, intOverflow);
  if (value instanceof Timestamp) return value.seconds;
  if (value instanceof Duration) return checkedInt(value.nanos);
  if (typeof value !== 'string') return noSuchOverload;
  const whole = wholeOf(value, /^[+-]?\d{1,20}$/);
  return whole === undefined || whole < minInt || whole > maxInt ? inconvertible(value, 'int') : checkedInt(whole);
}

export function toUint(value: unknown): unknown {
  if (value instanceof Uint) return value;
  if (isInt(value)) return checkedUint(BigInt(value));
  if (value instanceof Double) return doubleToWhole(value.value, -Number.MIN_VALUE, 2 ** 64, checkedUint, uintOverflow);
  if (typeof value !== 'string') return noSuchOverload;
  const whole = wholeOf(value, /^\d{1,20}$/);
  return whole === undefined || whole > maxUint ? inconvertible(value, 'uint') : checkedUint(whole);
}

const wholeOf = (text: string, pattern: RegExp): bigint | undefined => (pattern.test(text) ? BigInt(text.replace('+', '')) : undefined);

/** Bounds are exclusive, as a double next to them may stand for a number beyond. */
function doubleToWhole(value: number, least: number, most: number, checked: (value: bigint) => unknown, overflow: Failure): unknown {
  return value > least && value < most ? checked(BigInt(Math.trunc(value))) : overflow;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinite = /^([+-]?)inf(?:inity)?$/i;

export function toDouble(value: unknown): unknown {
  if (value instanceof Double) return value;
  if (isInt(value)) return new Double(Number(value));
  if (value instanceof Uint) return new Double(Number(value.value));
  if (typeof value !== 'string') return noSuchOverload;
  if (decimal.test(value)) {
    const number = Number(value);
    return Number.isFinite(number) ? new Double(number) : inconvertible(value, 'double');
  }
  const sign = infinite.exec(value);
  if (sign !== null) return new Double(sign[1] === '-' ? -Infinity : Infinity);
  return /^nan$/i.test(value) ? new Double(Number.NaN) : inconvertible(value, 'double');
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text): [string, boolean] => [text, true]),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text): [string, boolean] => [text, false]),
]);

export function toBool(value: unknown): unknown {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? truths.get(value) ?? inconvertible(value, 'bool') : noSuchOverload;
}

export function toBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? new TextEncoder().encode(value) : noSuchOverload;
}

export function toText(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || isInt(value)) return String(value);
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp || value instanceof Duration) return value.toString();
  if (value instanceof TypeValue) return value.name;
  return value instanceof Uint8Array ? utf8(value) : noSuchOverload;
}

function utf8(bytes: Uint8Array): string | Failure {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new Failure('invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** The shortest digits that read back as the same number, as Go's `%g` arranges them. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

export function toTimestamp(value: unknown): unknown {
  if (value instanceof Timestamp) return value;
  if (isInt(value)) return Timestamp.of(Number(value), 0, 0);
  return typeof value === 'string' ? parseTimestamp(value) ?? inconvertible(value, 'google.protobuf.Timestamp') : noSuchOverload;
}

export function toDuration(value: unknown): unknown {
  if (value instanceof Duration) return value;
  if (isInt(value)) return value < minInt || value > maxInt ? durationOverflow : new Duration(BigInt(value));
  return typeof value === 'string' ? parseDuration(value) ?? inconvertible(value, 'google.protobuf.Duration') : noSuchOverload;
}

/** `type(value)` */
export const toType = (value: unknown): TypeValue => new TypeValue(value instanceof TypeValue ? 'type' : typeNameOf(value));
