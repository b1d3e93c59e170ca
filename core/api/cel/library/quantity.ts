import { fixed, traverses } from '#core/api/cel/cost-rules.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { bool, double, int, opaque, string } from '#core/api/cel/types.ts';
import { Double, type Equatable, Failure, maxInt, minInt, normalInt, Opaque } from '#core/api/cel/values.ts';
import { Quantity } from '#core/api/quantity.ts';

const unitNanos = 1_000_000_000n;

class QuantityValue extends Opaque {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }

  same(other: Equatable): boolean {
    return other instanceof QuantityValue && this.quantity.compare(other.quantity) === 0;
  }

  override toString(): string {
    return this.quantity.toString();
  }
}

type Int = number | bigint;
const type = opaque('kubernetes.Quantity');
const ofInt = (value: Int): Quantity => new Quantity(BigInt(value) * unitNanos, 'DecimalExponent');

function parsed(text: string): QuantityValue | Failure {
  try {
    return new QuantityValue(Quantity.parse(text));
  } catch (error) {
    return new Failure(error instanceof Error ? error.message : String(error));
  }
}

function asInteger({ quantity: { nanos } }: QuantityValue): Int | undefined {
  const whole = nanos / unitNanos;
  return nanos % unitNanos === 0n && whole >= minInt && whole <= maxInt ? normalInt(whole) : undefined;
}

const compared = (tell: (order: number) => unknown) => (a: QuantityValue, b: QuantityValue): unknown => tell(a.quantity.compare(b.quantity));
const one = fixed(1);

export const quantities: readonly Overload[] = [
  global('quantity', [string], type, parsed, traverses(0)),
  global('isQuantity', [string], bool, (text: string) => Quantity.isValid(text), traverses(0)),
  member('isInteger', [type], bool, (value: QuantityValue) => asInteger(value) !== undefined, one),
  member('asInteger', [type], int, (value: QuantityValue) => asInteger(value) ?? new Failure('cannot convert value to integer'), one),
  member('asApproximateFloat', [type], double, ({ quantity }: QuantityValue) => new Double(Number(quantity.nanos) / 1e9), one),
  global('sign', [type], int, ({ quantity: { nanos } }: QuantityValue) => Math.sign(Number(nanos)), one),
  member('sign', [type], int, ({ quantity: { nanos } }: QuantityValue) => Math.sign(Number(nanos)), one),
  member('add', [type, type], type, (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.quantity.plus(b.quantity)), one),
  member('add', [type, int], type, (a: QuantityValue, b: Int) => new QuantityValue(a.quantity.plus(ofInt(b))), one),
  member('sub', [type, type], type, (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.quantity.minus(b.quantity)), one),
  member('sub', [type, int], type, (a: QuantityValue, b: Int) => new QuantityValue(a.quantity.minus(ofInt(b))), one),
  member('isLessThan', [type, type], bool, compared((order) => order < 0), one),
  member('isGreaterThan', [type, type], bool, compared((order) => order > 0), one),
  member('compareTo', [type, type], int, compared((order) => order), one),
];
