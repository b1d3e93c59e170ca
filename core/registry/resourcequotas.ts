import { ResourceQuota, type ScopedResourceSelectorRequirement } from '#core/api/schema/core-v1/resource-quota.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { amountText, isQuotaName, validateQuotaAmounts } from './rules/amounts.ts';
import { FieldPath } from './rules/field-path.ts';

const compute = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const ofPods = new Set(['pods', ...compute]);
const ofClaims = new Set(['persistentvolumeclaims', 'requests.storage']);

/** What each scope can count. */
const scopes: Readonly<Record<string, ReadonlySet<string>>> = {
  Terminating: ofPods, NotTerminating: ofPods, NotBestEffort: ofPods, BestEffort: new Set(['pods']), PriorityClass: ofPods,
  CrossNamespacePodAffinity: ofPods, VolumeAttributesClass: ofClaims,
};
/** Scopes that apply or do not, and have no values to choose from. */
const withoutValues = new Set(['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity']);

const counts = (scope: string, name: string): boolean => !isQuotaName(name) || scopes[scope]?.has(name) === true;

function validateScopes({ spec }: ResourceQuota, names: readonly string[], field: FieldPath): void {
  const limited = Object.keys(spec.hard ?? {});
  for (const scope of new Set(names)) {
    if (Object.hasOwn(scopes, scope) && !limited.every((name) => counts(scope, name))) field.invalid(scope, 'unsupported scope applied to resource');
  }
  for (const pair of [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']]) {
    if (pair.every((scope) => names.includes(scope))) field.invalid(pair, 'conflicting scopes');
  }
}

function validateRequirement({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, field: FieldPath): void {
  if (!Object.hasOwn(scopes, scopeName)) field.at('scopeName').invalid(scopeName, 'unsupported scope');
  if (withoutValues.has(scopeName) && operator !== 'Exists') {
    field.at('operator').invalid(operator, "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
      'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity');
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) field.at('values').required("must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
  } else if (operator !== 'Exists' && operator !== 'DoesNotExist') {
    field.at('operator').invalid(operator, 'not a valid selector operator');
  } else if (values.length > 0) {
    field.at('values').invalid(values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
  }
}

function amountsText({ status }: ResourceQuota, belongs: (name: string) => boolean): string {
  return Object.keys(status.hard ?? {}).filter(belongs).sort()
    .map((name) => `${name}: ${amountText(status.used, name)}/${amountText(status.hard, name)}`).join(', ');
}

const isLimit = (name: string): boolean => name.startsWith('limits.');

export const resourceQuotas = resource<ResourceQuota>({
  kind: ResourceQuota,
  shortNames: ['quota'],
  hasStatus: true,
  allowsUnconditionalUpdate: true,

  prepareForCreate(quota) {
    quota.status = {};
  },
  validate(quota, errors) {
    const field = FieldPath.root(errors).at('spec');
    const { hard, scopes: names = [], scopeSelector } = quota.spec;
    validateQuotaAmounts(hard, field.at('hard'));
    for (const name of names) if (!Object.hasOwn(scopes, name)) field.at('scopes').invalid(name, 'unsupported scope');
    validateScopes(quota, names, field.at('scopes'));
    const requirements = scopeSelector?.matchExpressions ?? [];
    const at = field.at('scopeSelector', 'matchExpressions');
    for (const [i, requirement] of requirements.entries()) validateRequirement(requirement, at.at(i));
    validateScopes(quota, requirements.map(({ scopeName }) => scopeName), at);
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    const text = (names: readonly string[] = []): string => [...new Set(names)].sort().join();
    if (text(spec.scopes) !== text(old.scopes)) errors.invalid('spec.scopes', spec.scopes ?? null, 'field is immutable');
  },
  validateStatus({ status }, _old, errors) {
    const field = FieldPath.root(errors).at('status');
    validateQuotaAmounts(status.hard, field.at('hard'));
    validateQuotaAmounts(status.used, field.at('used'));
  },

  columns: [
    nameColumn,
    { name: 'Request', type: 'string', description: 'What is used and allowed of each resource.', cell: (quota) => amountsText(quota, (name) => !isLimit(name)) },
    { name: 'Limit', type: 'string', description: 'What is used and allowed of limits.', cell: (quota) => amountsText(quota, isLimit) },
    ageColumn,
  ],
});
