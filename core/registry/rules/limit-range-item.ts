import { qualifiedNameProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { LimitRangeItem } from '#core/api/schema/core-v1/limit-range.ts';
import { allowsOvercommit, amountOf, containerNameProblem, isQuotaName } from './amounts.ts';
import type { FieldPath } from './field-path.ts';

const types = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
const bounds = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
type Bound = (typeof bounds)[number];

const nameProblem = ({ type }: LimitRangeItem, name: string): string | undefined => {
  if (type === 'Pod' || type === 'Container') return containerNameProblem(name);
  const problem = qualifiedNameProblem(name);
  return problem === undefined && !name.includes('/') && name !== 'storage' && !isQuotaName(name) ? 'must be a standard resource type or fully qualified' : problem;
};

/** Of each pair the first may not be above the second; what the sentence calls them, and where it stands. */
const ordered: readonly (readonly [low: Bound, high: Bound, at: Bound, lowText: string, highText: string])[] = [
  ['min', 'max', 'min', 'min', 'max'],
  ['min', 'defaultRequest', 'defaultRequest', 'min', 'default request'],
  ['defaultRequest', 'max', 'defaultRequest', 'default request', 'max'],
  ['defaultRequest', 'default', 'defaultRequest', 'default request', 'default limit'],
  ['min', 'default', 'default', 'min', 'default'],
  ['default', 'max', 'default', 'default', 'max'],
];

const one = Quantity.parse('1');

function validateRatio(item: LimitRangeItem, name: string, field: FieldPath): void {
  const [ratio, min, max] = [amountOf(item.maxLimitRequestRatio, name), amountOf(item.min, name), amountOf(item.max, name)];
  if (ratio === undefined) return;
  const at = field.at('maxLimitRequestRatio').key(name);
  if (ratio.compare(one) < 0) at.invalid(ratio.toString(), `ratio ${ratio.toString()} is less than 1`);
  if (min === undefined || max === undefined) return;
  const most = Number(max.nanos) / Number(min.nanos);
  if (Number(ratio.nanos) / 1e9 > most) at.invalid(ratio.toString(), `ratio ${ratio.toString()} is greater than max/min = ${most.toFixed(6)}`);
}

function validateAmounts(item: LimitRangeItem, name: string, field: FieldPath): void {
  for (const [low, high, place, lowText, highText] of ordered) {
    const [less, more] = [amountOf(item[low], name), amountOf(item[high], name)];
    if (less === undefined || more === undefined || less.compare(more) <= 0) continue;
    field.at(place).key(name).invalid(item[place]?.[name], `${lowText} value ${less.toString()} is greater than ${highText} value ${more.toString()}`);
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

/** The names of all resources that the item bounds. */
function validateNames(item: LimitRangeItem, field: FieldPath): ReadonlySet<string> {
  const names = new Set<string>();
  for (const bound of bounds) {
    const amounts = Object.keys(item[bound] ?? {});
    if (item.type === 'Pod' && bound.startsWith('default')) {
      if (amounts.length > 0) field.at(bound).forbidden("may not be specified when `type` is 'Pod'");
      continue;
    }
    for (const name of amounts) {
      field.at(bound).key(name).check(name, nameProblem(item, name));
      names.add(name);
    }
  }
  return names;
}

/** The bounds for one type: known names, none above one that must not be below it. */
export function validateLimits(item: LimitRangeItem, field: FieldPath): void {
  for (const name of validateNames(item, field)) validateAmounts(item, name, field);
  if (item.type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) {
    field.at('limits').required('either minimum or maximum storage value is required, but neither was provided');
  }
}
