import { dnsSubdomainProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { MatchCondition, MatchResources, NamedRuleWithOperations, ParamKind, ParamRef, RuleWithOperations } from '#core/api/schema/admissionregistration-v1.ts';
import type { FieldPath } from './field-path.ts';
import { pathSegmentProblem, serviceNameProblem } from './host-names.ts';
import { validateLabelSelector } from './selectors.ts';

const mostConditions = 64;

/** Not empty; and a star says all, so that nothing can stand beside it. @param others what those would be */
function validateStarred(values: readonly string[], others: string, field: FieldPath): void {
  if (values.length === 0) field.required();
  if (values.length > 1 && values.includes('*')) field.invalid(values, `if '*' is present, must not specify other ${others}`);
}

/** What a star covers is not named again. */
function validateParts(resources: readonly string[], field: FieldPath): void {
  const wholes = new Set<string>();
  const parts = new Set<string>();
  for (const [i, text] of resources.entries()) {
    const [resource = '', part] = text.split(/\/(.*)/s);
    if (part === undefined) continue;
    if (wholes.has(resource)) field.at(i).invalid(text, `if '${resource}/*' is present, must not specify ${text}`);
    if (parts.has(part)) field.at(i).invalid(text, `if '*/${part}' is present, must not specify ${text}`);
    if (part === '*') wholes.add(resource);
    if (resource === '*') parts.add(part);
  }
}

function validateResources(resources: readonly string[], field: FieldPath): void {
  if (resources.length === 0) field.required();
  for (const [i, text] of resources.entries()) if (text === '') field.at(i).required();
  validateParts(resources, field);
  if (resources.length > 1 && resources.includes('*/*')) field.invalid(resources, "if '*/*' is present, must not specify other resources");
  if (resources.includes('*') && resources.some(isOtherWhole)) field.invalid(resources, "if '*' is present, must not specify other resources without subresources");
}

const isOtherWhole = (text: string): boolean => text !== '' && text !== '*' && !text.includes('/');

/** Operations on resources that a webhook or policy is about. Their names are checked with the closed sets. */
export function validateAdmissionRule({ operations = [], apiGroups = [], apiVersions = [], resources = [] }: RuleWithOperations, field: FieldPath): void {
  validateStarred(operations, 'operations', field.at('operations'));
  validateStarred(apiGroups, 'API groups', field.at('apiGroups'));
  validateStarred(apiVersions, 'API versions', field.at('apiVersions'));
  for (const [i, version] of apiVersions.entries()) if (version === '') field.at('apiVersions', i).required();
  validateResources(resources, field.at('resources'));
}

function validateNamedRule(rule: NamedRuleWithOperations, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const at = field.at('resourceNames', i);
    at.check(name, pathSegmentProblem(name));
    if (seen.has(name)) at.duplicate(name);
    seen.add(name);
  }
  validateAdmissionRule(rule, field);
}

export function validateMatchResources(match: MatchResources, field: FieldPath): void {
  validateLabelSelector(match.namespaceSelector, field.at('namespaceSelector'));
  validateLabelSelector(match.objectSelector, field.at('objectSelector'));
  for (const name of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [i, rule] of (match[name] ?? []).entries()) validateNamedRule(rule, field.at(name, i));
  }
}

/** What the expressions say is for those to judge who run them. */
export function validateMatchConditions(conditions: readonly MatchCondition[] | undefined, field: FieldPath): void {
  if (conditions === undefined) return;
  if (conditions.length > mostConditions) return field.tooMany(conditions.length, mostConditions);
  const seen = new Set<string>();
  for (const [i, { name, expression }] of conditions.entries()) {
    const at = field.at(i);
    if (expression.trim() === '') at.at('expression').required();
    if (at.at('name').name(name, qualifiedNameProblem) && seen.has(name)) at.at('name').duplicate(name);
    seen.add(name);
  }
}

export function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, field: FieldPath): void {
  validateGroupVersion(apiVersion, field.at('apiVersion'));
  field.at('kind').name(kind, (text) => {
    const problem = serviceNameProblem(text.toLowerCase());
    return problem && `may have mixed case, but should otherwise match: ${problem}`;
  });
}

function validateGroupVersion(text: string, field: FieldPath): void {
  if (text === '') return field.required();
  const [first = '', second, ...more] = text.split('/');
  if (more.length > 0) return field.invalid(text, `unexpected GroupVersion string: ${text}`);
  const [group, version] = second === undefined ? ['', first] : [first, second];
  field.optional(group, dnsSubdomainProblem);
  if (version === '') field.invalid(text, 'version must be specified');
  else field.check(version, serviceNameProblem(version));
}

export function validateParamRef({ name = '', selector, parameterNotFoundAction }: ParamRef, field: FieldPath): void {
  field.at('name').optional(name, pathSegmentProblem);
  if (name !== '' && selector !== undefined) {
    field.at('name').forbidden('name and selector are mutually exclusive');
    field.at('selector').forbidden('name and selector are mutually exclusive');
  }
  validateLabelSelector(selector, field.at('selector'));
  if (name === '' && selector === undefined) field.required('one of name or selector must be specified');
  if (parameterNotFoundAction === undefined) field.at('parameterNotFoundAction').required();
}
