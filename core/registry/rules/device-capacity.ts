import { Quantity } from '#core/api/quantity.ts';
import type { CapacityRequestPolicy, CapacityRequestPolicyRange, DeviceCapacity } from '#core/api/schema/resource-v1/slice.ts';
import type { FieldPath } from './field-path.ts';
import { validateItems } from './lists.ts';

const maxValues = 10;
const zero = new Quantity(0n);

const isMore = (a: Quantity, b: Quantity): boolean => a.compare(b) > 0;

function validateValues(values: readonly string[], standard: Quantity, capacity: Quantity, field: FieldPath): void {
  const amounts = values.map((text) => Quantity.parse(text));
  for (const [i, amount] of amounts.entries()) {
    const before = amounts[i - 1];
    if (before !== undefined && isMore(before, amount)) field.at(i).invalid(amount.toString(), 'values must be sorted in ascending order');
  }
  validateItems(amounts, maxValues, (amount, at) => {
    if (isMore(amount, capacity)) at.invalid(amount.toString(), `option is larger than capacity value: ${capacity.toString()}`);
  }, field, (amount) => String(amount.nanos));
  if (!amounts.some((amount) => amount.compare(standard) === 0)) {
    field.invalid(standard.toString(), 'default value is not valid according to the requestPolicy');
  }
}

interface Bounds {
  readonly standard: Quantity;
  readonly capacity: Quantity;
  readonly min: Quantity;
  readonly max: Quantity | undefined;
}

function validateMax({ standard, capacity, min, max }: Bounds, field: FieldPath): void {
  if (max === undefined) return;
  if (isMore(min, max)) field.at('max').invalid(min.toString(), `min is larger than max: ${max.toString()}`);
  if (isMore(max, capacity)) field.at('max').invalid(max.toString(), `max is larger than capacity value: ${capacity.toString()}`);
  if (isMore(standard, max)) field.at('default').invalid(standard.toString(), `default is more than max: ${max.toString()}`);
}

function validateStep(step: Quantity, { standard, capacity, min, max }: Bounds, field: FieldPath): void {
  if (!isMore(step, zero)) return field.invalid(step.toString(), 'must be greater than zero');
  const first = min.plus(step);
  if (isMore(first, capacity)) field.invalid(step.toString(), `one step ${first.toString()} is larger than capacity value: ${capacity.toString()}`);
  for (const amount of [standard, ...(max === undefined ? [] : [max])]) {
    if (amount.minus(min).nanos % step.nanos === 0n) continue;
    field.invalid(amount.toString(), `value is not a multiple of a given step (${step.toString()}) from (${min.toString()})`);
  }
}

function validateRange(range: CapacityRequestPolicyRange, standard: Quantity, capacity: Quantity, field: FieldPath): void {
  const { min: least, max: most, step }: Partial<CapacityRequestPolicyRange> = range;
  if (least === undefined) return field.at('min').required('required when validRange is defined');
  const bounds = { standard, capacity, min: Quantity.parse(least), max: most === undefined ? undefined : Quantity.parse(most) };
  if (isMore(bounds.min, capacity)) field.at('min').invalid(least, `min is larger than capacity value: ${capacity.toString()}`);
  if (isMore(bounds.min, standard)) field.at('default').invalid(standard.toString(), `default is less than min: ${bounds.min.toString()}`);
  validateMax(bounds, field);
  if (step !== undefined) validateStep(Quantity.parse(step), bounds, field.at('step'));
}

function validatePolicy({ default: standard, validValues = [], validRange }: CapacityRequestPolicy, capacity: Quantity, field: FieldPath): void {
  if (validValues.length > 0 && validRange !== undefined) {
    return field.forbidden('exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time');
  }
  const named = validRange === undefined ? 'validValues' : 'validRange';
  if (validValues.length === 0 && validRange === undefined) return;
  if (standard === undefined) return field.at('default').required(`required when ${named} is defined`);
  if (validRange !== undefined) validateRange(validRange, Quantity.parse(standard), capacity, field.at('validRange'));
  else validateValues(validValues, Quantity.parse(standard), capacity, field.at('validValues'));
}

/** How much of something a device has, and which parts of it can be given. */
export function validateDeviceCapacity({ value, requestPolicy }: DeviceCapacity, isShared: boolean, field: FieldPath): void {
  if (requestPolicy === undefined) return;
  const at = field.at('requestPolicy');
  if (isShared) validatePolicy(requestPolicy, Quantity.parse(value), at);
  else at.forbidden('allowMultipleAllocations must be true');
}
