import { dnsSubdomainProblem, labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { LabelSelector } from '#core/api/schema/meta.ts';
import type { FieldPath } from './field-path.ts';

type Labels = Readonly<Record<string, string>> | undefined;

export function validateLabels(labels: Labels, field: FieldPath): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    field.check(key, qualifiedNameProblem(key));
    field.check(value, labelValueProblem(value));
  }
}

interface Requirement {
  readonly key?: string | undefined;
  readonly operator?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** How many values the operators that labels and nodes share take; undefined for an unknown operator. */
function valueCountProblem({ operator = '', values = [] }: Requirement, field: FieldPath): boolean {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) field.at('values').required("must be specified when `operator` is 'In' or 'NotIn'");
    return true;
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) field.at('values').forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    return true;
  }
  return false;
}

export function validateLabelSelector(selector: LabelSelector | undefined, field: FieldPath): void {
  if (selector === undefined) return;
  validateLabels(selector.matchLabels, field.at('matchLabels'));
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    const at = field.at('matchExpressions', i);
    if (!valueCountProblem(requirement, at)) at.at('operator').invalid(requirement.operator, 'not a valid selector operator');
    at.at('key').check(requirement.key, qualifiedNameProblem(requirement.key));
    for (const [j, value] of (requirement.values ?? []).entries()) at.at('values', j).check(value, labelValueProblem(value));
  }
}

export interface NodeTerm {
  readonly matchExpressions?: readonly Requirement[] | undefined;
  readonly matchFields?: readonly Requirement[] | undefined;
}

function validateNodeExpression(requirement: Requirement, field: FieldPath): void {
  const { key = '', operator, values = [] } = requirement;
  if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) field.at('values').required("must be specified single value when `operator` is 'Lt' or 'Gt'");
  } else if (!valueCountProblem(requirement, field)) {
    field.at('operator').invalid(operator, 'not a valid selector operator');
  }
  field.at('key').check(key, qualifiedNameProblem(key));
}

function validateNodeField({ key = '', operator, values = [] }: Requirement, field: FieldPath): void {
  if (operator !== 'In' && operator !== 'NotIn') field.at('operator').invalid(operator, 'not a valid selector operator');
  else if (values.length !== 1) field.at('values').required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  if (key !== 'metadata.name') field.at('key').invalid(key, 'not a valid field selector key');
  else for (const [i, value] of values.entries()) field.at('values', i).check(value, dnsSubdomainProblem(value));
}

export function validateNodeTerm(term: NodeTerm, field: FieldPath): void {
  for (const [i, requirement] of (term.matchExpressions ?? []).entries()) validateNodeExpression(requirement, field.at('matchExpressions', i));
  for (const [i, requirement] of (term.matchFields ?? []).entries()) validateNodeField(requirement, field.at('matchFields', i));
}

export function validateNodeSelector(terms: readonly NodeTerm[] | undefined, field: FieldPath): void {
  const at = field.at('nodeSelectorTerms');
  if (terms === undefined || terms.length === 0) at.required('must have at least one node selector term');
  for (const [i, term] of (terms ?? []).entries()) validateNodeTerm(term, at.at(i));
}
