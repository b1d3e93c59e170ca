import { qualifiedNameProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { LimitRangeItem } from '#core/api/schema/core-v1/limit-range.ts';
import { allowsOvercommit, amountOf, validateContainerResourceName, validateResourceName } from './amounts.ts';
import type { FieldPath } from './field-path.ts';

const types = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
const bounds = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
type Bound = (typeof bounds)[number];

/** Of each pair the first may not be above the second; where that is said, and which of them is shown. */
const ordered: readonly (readonly [low: Bound, high: Bound, at: Bound, shown: Bound])[] = [
  ['min', 'max', 'min', 'min'],
  ['min', 'defaultRequest', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'max', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default', 'defaultRequest', 'defaultRequest'],
  ['min', 'default', 'default', 'min'],
  ['default', 'max', 'default', 'max'],
];

const nameOf = (bound: Bound, beside: Bound): string =>
  (bound === 'defaultRequest' ? 'default request' : bound === 'default' && beside === 'defaultRequest' ? 'default limit' : bound);

const one = Quantity.parse('1');
/** Amounts above it are compared in whole units: in thousandths upstream's numbers would not hold them. */
const mostInThousandths = (2n ** 63n - 1n) / 1000n;

/** Rounded up. */
const inUnits = ({ nanos }: Quantity, unit: bigint): bigint => (nanos + unit - 1n) / unit;

function validateRatio(item: LimitRangeItem, name: string, field: FieldPath): void {
  const [ratio, min, max] = [amountOf(item.maxLimitRequestRatio, name), amountOf(item.min, name), amountOf(item.max, name)];
  if (ratio === undefined) return;
  const at = field.at('maxLimitRequestRatio').key(name);
  if (ratio.compare(one) < 0) at.invalid(ratio.toString(), `ratio ${ratio.toString()} is less than 1`);
  if (min === undefined || max === undefined) return;
  const fine = [ratio, min, max].every((amount) => inUnits(amount, 1_000_000_000n) < mostInThousandths);
  const unit = fine ? 1_000_000n : 1_000_000_000n;
  const most = Number(inUnits(max, unit)) / Number(inUnits(min, unit));
  if (Number(inUnits(ratio, unit)) / (fine ? 1000 : 1) > most) at.invalid(ratio.toString(), `ratio ${ratio.toString()} is greater than max/min = ${most.toFixed(6)}`);
}

function validateAmounts(item: LimitRangeItem, name: string, field: FieldPath): void {
  for (const [low, high, place, shown] of ordered) {
    const [less, more] = [amountOf(item[low], name), amountOf(item[high], name)];
    if (less === undefined || more === undefined || less.compare(more) <= 0) continue;
    field.at(place).key(name).invalid(item[shown]?.[name], `${nameOf(low, high)} value ${less.toString()} is greater than ${nameOf(high, low)} value ${more.toString()}`);
  }
  validateRatio(item, name, field);
  const [limit, request] = [amountOf(item.default, name), amountOf(item.defaultRequest, name)];
  if (limit !== undefined && request !== undefined && !allowsOvercommit(name) && limit.compare(request) !== 0) {
    field.at('defaultRequest').key(name)
      .invalid(request.toString(), `default value ${limit.toString()} must equal to defaultRequest value ${request.toString()} in ${name}`);
  }
}

export function validateLimitType(type: string, field: FieldPath): void {
  const bad = field.check(type, qualifiedNameProblem(type));
  if (!bad && !type.includes('/') && !types.has(type)) field.invalid(type, 'must be a standard limit type or fully qualified');
}

function validateStorage({ type, min, max }: LimitRangeItem, field: FieldPath): void {
  if (type !== 'PersistentVolumeClaim' || min?.['storage'] !== undefined || max?.['storage'] !== undefined) return;
  field.at('limits').required('either minimum or maximum storage value is required, but neither was provided');
}

/** The names of all resources that the item bounds. */
function validateNames(item: LimitRangeItem, field: FieldPath): ReadonlySet<string> {
  const names = new Set<string>();
  for (const bound of bounds) {
    const amounts = Object.keys(item[bound] ?? {});
    if (item.type === 'Pod' && bound.startsWith('default')) {
      if (amounts.length > 0) field.at(bound).forbidden("may not be specified when `type` is 'Pod'");
      continue;
    }
    if (bound === 'maxLimitRequestRatio') validateStorage(item, field);
    for (const name of amounts) {
      (item.type === 'Pod' || item.type === 'Container' ? validateContainerResourceName : validateResourceName)(name, field.at(bound).key(name));
      names.add(name);
    }
  }
  return names;
}

/** The bounds for one type: known names, none above one that must not be below it. */
export function validateLimits(item: LimitRangeItem, field: FieldPath): void {
  for (const name of validateNames(item, field)) validateAmounts(item, name, field);
}
