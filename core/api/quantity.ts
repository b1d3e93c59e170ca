const NANO = 1_000_000_000n;
/** Larger amounts are capped here, as upstream caps them. */
const MAX = (2n ** 63n - 1n) * NANO;
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,9})?$/;

type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/**
 * An exact amount such as `500m`, `1.5Gi` or `1e3`, as in `k8s.io/apimachinery/pkg/api/resource`.
 * Fractions finer than a billionth are rounded up; amounts beyond 2^63-1 are capped.
 */
export class Quantity {
  /** The amount in billionths. */
  readonly nanos: bigint;
  readonly format: Format;

  constructor(nanos: bigint, format: Format = 'BinarySI') {
    this.nanos = nanos > MAX ? MAX : nanos < -MAX ? -MAX : nanos;
    this.format = format;
  }

  /** @throws {RangeError} with the API's wording when the text is not a quantity. */
  static parse(text: string | number): Quantity {
    const source = String(text);
    const match = source.length <= 64 ? pattern.exec(source) : null;
    const [, sign = '', whole = '', fraction = '', suffix = ''] = match ?? [];
    if (whole + fraction === '') throw new RangeError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    const { format, factor, exponent } = unitOf(suffix);
    const nanos = scale(BigInt(whole + fraction) * factor, 9 + exponent - fraction.length);
    return new Quantity(sign === '-' ? -nanos : nanos, format);
  }

  static isValid(text: string | number): boolean {
    try {
      Quantity.parse(text);
      return true;
    } catch {
      return false;
    }
  }

  static ofBytes(bytes: bigint): Quantity {
    return new Quantity(bytes * NANO, 'BinarySI');
  }

  /** Whole units, rounded up: bytes for storage. */
  value(): bigint {
    const whole = this.nanos / NANO;
    return this.nanos % NANO > 0n ? whole + 1n : whole;
  }

  compare(other: Quantity): -1 | 0 | 1 {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }

  plus(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.nanos === 0n ? other.format : this.format);
  }

  minus(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.format);
  }

  /** The canonical text: no fraction, the largest suffix that keeps the mantissa whole. */
  toString(): string {
    if (this.nanos === 0n) return '0';
    const units = this.nanos / NANO;
    if (this.format === 'BinarySI' && (units >= 1024n || units <= -1024n)) {
      const { mantissa, steps } = reduced(this.nanos > 0n ? this.value() : units, 1024n, binarySuffixes.length - 1);
      return `${mantissa}${binarySuffixes[steps]}`;
    }
    const { mantissa, steps } = reduced(this.nanos, 1000n, decimalSuffixes.length - 1);
    if (this.format !== 'DecimalExponent') return `${mantissa}${decimalSuffixes[steps]}`;
    const exponent = (steps - 3) * 3;
    return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  }
}

function reduced(value: bigint, base: bigint, most: number): { mantissa: bigint; steps: number } {
  let mantissa = value;
  let steps = 0;
  for (; steps < most && mantissa % base === 0n; steps++) mantissa /= base;
  return { mantissa, steps };
}

function unitOf(suffix: string): { format: Format; factor: bigint; exponent: number } {
  const shift = binary[suffix];
  if (shift !== undefined) return { format: 'BinarySI', factor: 1n << shift, exponent: 0 };
  if (/^[eE][+-]?\d/.test(suffix)) return { format: 'DecimalExponent', factor: 1n, exponent: Number(suffix.slice(1)) };
  return { format: 'DecimalSI', factor: 1n, exponent: decimal[suffix] ?? 0 };
}

function scale(digits: bigint, exponent: number): bigint {
  if (digits === 0n) return 0n;
  if (exponent >= 0) return exponent > 64 ? MAX : digits * 10n ** BigInt(exponent);
  if (exponent < -128) return 1n;
  const divisor = 10n ** BigInt(-exponent);
  return (digits + divisor - 1n) / divisor;
}
