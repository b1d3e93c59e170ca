import { qualifiedNameProblem } from '#core/api/names.ts';
import { ValidatingAdmissionPolicy, type AuditAnnotation, type Validation, type Variable } from '#core/api/schema/admissionregistration-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { allMetadata, resource } from './resource.ts';
import { validateMatchConditions, validateMatchResources, validateParamKind } from './rules/admission-rules.ts';
import { validateConditions } from './rules/conditions.ts';
import { FieldPath } from './rules/field-path.ts';

const mostAnnotations = 20;
const longestValueExpression = 5 * 1024;

function validateValidation({ expression, message = '', messageExpression = '' }: Validation, field: FieldPath): void {
  if (expression.trim() === '') field.at('expression').required('expression is not specified');
  if (messageExpression !== '' && messageExpression.trim() === '') field.at('messageExpression').invalid(messageExpression, 'must be non-empty if specified');
  const text = message.trim();
  if (message !== '' && text === '') field.at('message').invalid(message, 'message must be non-empty if specified');
  else if (/[\n\r]/.test(text)) field.at('message').invalid(message, 'message must not contain line breaks');
}

function validateAnnotations(annotations: readonly AuditAnnotation[], policy: string, field: FieldPath): void {
  if (annotations.length > mostAnnotations) return field.invalid(annotations, `must not have more than ${mostAnnotations} auditAnnotations`);
  const seen = new Set<string>();
  for (const [i, { key, valueExpression }] of annotations.entries()) {
    const at = field.at(i);
    at.at('key').check(`${policy}/${key}`, qualifiedNameProblem(`${policy}/${key}`));
    if (valueExpression.trim() === '') at.at('valueExpression').required('valueExpression is not specified');
    else if (valueExpression.trim().length > longestValueExpression) at.at('valueExpression').required(`must not exceed ${longestValueExpression} bytes in length`);
    if (seen.has(key)) at.at('key').duplicate(key);
    seen.add(key);
  }
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

function validateVariables(variables: readonly Variable[], field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, { name, expression }] of variables.entries()) {
    const at = field.at(i);
    if (name === '') at.at('name').required('name is not specified');
    else if (!identifier.test(name)) at.at('name').invalid(name, 'name is not a valid CEL identifier');
    if (expression.trim() === '') at.at('expression').required('expression is not specified');
    if (seen.has(name)) at.at('name').duplicate(name);
    seen.add(name);
  }
}

/** What its expressions say is judged where they are compiled. */
export const validatingAdmissionPolicies = resource<ValidatingAdmissionPolicy>({
  kind: ValidatingAdmissionPolicy,
  categories: ['api-extensions'],
  hasStatus: true,
  statusKeeps: allMetadata,
  tracksGeneration: true,
  allowsUnconditionalUpdate: false,

  validate({ metadata, spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    const { paramKind, matchConstraints, matchConditions, validations = [], auditAnnotations = [], variables = [] } = spec;
    if (paramKind !== undefined) validateParamKind(paramKind, field.at('paramKind'));
    if (matchConstraints === undefined) field.at('matchConstraints').required();
    else {
      validateMatchResources(matchConstraints, field.at('matchConstraints'));
      if ((matchConstraints.resourceRules ?? []).length === 0) field.at('matchConstraints', 'resourceRules').required();
    }
    validateMatchConditions(matchConditions, field.at('matchConditions'));
    validateVariables(variables, field.at('variables'));
    if (validations.length + auditAnnotations.length === 0) {
      for (const name of ['validations', 'auditAnnotations']) field.at(name).required('validations or auditAnnotations must contain at least one item');
    }
    for (const [i, validation] of validations.entries()) validateValidation(validation, field.at('validations', i));
    validateAnnotations(auditAnnotations, metadata.name, field.at('auditAnnotations'));
  },
  validateStatus({ status }, _old, errors) {
    const field = FieldPath.root(errors).at('status');
    for (const [i, { fieldRef, warning }] of (status.typeChecking?.expressionWarnings ?? []).entries()) {
      const at = field.at('typeChecking', 'expressionWarnings', i);
      if (warning === '') at.at('warning').required();
      if (fieldRef.trim() === '') at.at('fieldRef').required();
    }
    validateConditions(status.conditions, field.at('conditions'));
  },

  columns: [
    nameColumn,
    { name: 'Validations', type: 'integer', description: 'Number of rules.', cell: ({ spec }) => (spec.validations ?? []).length },
    {
      name: 'ParamKind', type: 'string', description: 'Kind of the parameters.',
      cell: ({ spec: { paramKind } }) => (paramKind === undefined ? '<unset>' : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`),
    },
    ageColumn,
  ],
});
