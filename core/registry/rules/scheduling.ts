import type {
  Affinity, NodeAffinity, PodAffinity, PodAffinityTerm, PodAntiAffinity, Toleration, TopologySpreadConstraint,
} from '#core/api/schema/core-v1/affinity.ts';
import type { LabelSelector } from '#core/api/schema/meta.ts';
import { dnsLabelProblem, labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabelSelector, validateNodeSelector, validateNodeTerm } from './selectors.ts';

function validateWeight(weight: number, field: FieldPath): void {
  if (weight < 1 || weight > 100) field.invalid(weight, 'must be in the range 1-100');
}

const keysOf = (selector: LabelSelector | undefined): ReadonlySet<string> =>
  new Set([...Object.keys(selector?.matchLabels ?? {}), ...(selector?.matchExpressions ?? []).map(({ key }) => key)]);

function validateLabelKeys(keys: readonly string[] | undefined, selector: LabelSelector | undefined, field: FieldPath): void {
  if (keys === undefined) return;
  if (selector === undefined) return field.forbidden('must not be specified when labelSelector is not set');
  for (const [i, key] of keys.entries()) field.at(i).check(key, qualifiedNameProblem(key));
}

function forbidSelected(keys: readonly string[] | undefined, selector: LabelSelector | undefined, field: FieldPath): void {
  const selected = keysOf(selector);
  for (const [i, key] of (keys ?? []).entries()) {
    if (selected.has(key)) field.at(i).invalid(key, 'exists in both matchLabelKeys and labelSelector');
  }
}

function validatePodTerm(term: PodAffinityTerm, field: FieldPath): void {
  const { labelSelector: selector, matchLabelKeys, mismatchLabelKeys } = term;
  validateLabelSelector(selector, field.at('labelSelector'));
  validateLabelSelector(term.namespaceSelector, field.at('namespaceSelector'));
  for (const name of term.namespaces ?? []) field.at('namespaces').check(name, dnsLabelProblem(name));
  validateLabelKeys(matchLabelKeys, selector, field.at('matchLabelKeys'));
  validateLabelKeys(mismatchLabelKeys, selector, field.at('mismatchLabelKeys'));
  forbidSelected(matchLabelKeys, selector, field.at('matchLabelKeys'));
  const mismatched = new Set(mismatchLabelKeys);
  for (const [i, key] of (matchLabelKeys ?? []).entries()) {
    if (mismatched.has(key)) field.at('matchLabelKeys', i).invalid(key, 'exists in both matchLabelKeys and mismatchLabelKeys');
  }
  if (term.topologyKey === '') field.at('topologyKey').required('can not be empty');
  else field.at('topologyKey').check(term.topologyKey, qualifiedNameProblem(term.topologyKey));
}

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

function validateNodeAffinity(affinity: NodeAffinity | undefined, field: FieldPath): void {
  const needed = affinity?.[hard];
  if (needed !== undefined) validateNodeSelector(needed.nodeSelectorTerms, field.at(hard));
  for (const [i, { weight, preference }] of (affinity?.[soft] ?? []).entries()) {
    const at = field.at(soft, i);
    validateWeight(weight, at.at('weight'));
    validateNodeTerm(preference, at.at('preference'));
  }
}

function validatePodAffinity(affinity: PodAffinity | PodAntiAffinity | undefined, field: FieldPath): void {
  for (const [i, term] of (affinity?.[hard] ?? []).entries()) validatePodTerm(term, field.at(hard, i));
  for (const [i, { weight, podAffinityTerm }] of (affinity?.[soft] ?? []).entries()) {
    const at = field.at(soft, i);
    validateWeight(weight, at.at('weight'));
    validatePodTerm(podAffinityTerm, at.at('podAffinityTerm'));
  }
}

export function validateAffinity(affinity: Affinity | undefined, field: FieldPath): void {
  validateNodeAffinity(affinity?.nodeAffinity, field.at('nodeAffinity'));
  validatePodAffinity(affinity?.podAffinity, field.at('podAffinity'));
  validatePodAffinity(affinity?.podAntiAffinity, field.at('podAntiAffinity'));
}

export function validateTolerations(tolerations: readonly Toleration[] | undefined, field: FieldPath): void {
  for (const [i, toleration] of (tolerations ?? []).entries()) {
    const at = field.at(i);
    const { key = '', operator = 'Equal', effect = '', tolerationSeconds } = toleration;
    at.at('key').optional(key, qualifiedNameProblem);
    if (key === '' && operator !== 'Exists') {
      at.at('operator').invalid(operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      at.at('effect').invalid(effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    validateToleratedValue(toleration, at);
  }
}

function validateToleratedValue(toleration: Toleration, field: FieldPath): void {
  const { operator = 'Equal', value = '' } = toleration;
  if (operator === 'Exists' && value !== '') field.at('operator').invalid(toleration, "value must be empty when `operator` is 'Exists'");
  if (operator === 'Equal') field.at('value').check(value, labelValueProblem(value));
}

function validateMinDomains({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, field: FieldPath): void {
  if (minDomains === undefined) return;
  if (minDomains <= 0) field.invalid(minDomains, 'must be greater than zero');
  if (whenUnsatisfiable !== 'DoNotSchedule') {
    field.invalid(minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`);
  }
}

export function validateSpread(constraints: readonly TopologySpreadConstraint[] | undefined, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, constraint] of (constraints ?? []).entries()) {
    const at = field.at(i);
    const { maxSkew, topologyKey, labelSelector, matchLabelKeys } = constraint;
    if (maxSkew <= 0) at.at('maxSkew').invalid(maxSkew, 'must be greater than zero');
    if (topologyKey === '') at.at('topologyKey').required('can not be empty');
    const key = `{${topologyKey}, ${constraint.whenUnsatisfiable}}`;
    if (seen.has(key)) at.at('{topologyKey, whenUnsatisfiable}').duplicate(key);
    seen.add(key);
    validateMinDomains(constraint, at.at('minDomains'));
    validateLabelSelector(labelSelector, at.at('labelSelector'));
    validateLabelKeys(matchLabelKeys, labelSelector, at.at('matchLabelKeys'));
    forbidSelected(matchLabelKeys, labelSelector, at.at('matchLabelKeys'));
  }
}
