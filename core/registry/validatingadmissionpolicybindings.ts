import { dnsSubdomainProblem } from '#core/api/names.ts';
import { ValidatingAdmissionPolicyBinding, type ParamRef } from '#core/api/schema/admissionregistration-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateMatchResources, validateParamRef } from './rules/admission-rules.ts';
import { FieldPath } from './rules/field-path.ts';
import { selectorText } from './rules/printing.ts';

function validateActions(actions: readonly string[], field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, action] of actions.entries()) {
    if (seen.has(action)) field.at(i).duplicate(action);
    seen.add(action);
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    field.invalid(actions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)');
  }
  if (seen.size === 0) field.required('at least one validation action is required');
}

function paramText(ref: ParamRef | undefined): string {
  if (ref === undefined) return '<unset>';
  // Without a namespace the request's counts; whether the kind has any cannot be told here.
  if (ref.name) return `${ref.namespace || '*'}/${ref.name}`;
  return ref.selector === undefined ? '<unset>' : selectorText(ref.selector);
}

export const validatingAdmissionPolicyBindings = resource<ValidatingAdmissionPolicyBinding>({
  kind: ValidatingAdmissionPolicyBinding,
  categories: ['api-extensions'],
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: false,

  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    field.at('policyName').name(spec.policyName, dnsSubdomainProblem);
    if (spec.paramRef !== undefined) validateParamRef(spec.paramRef, field.at('paramRef'));
    if (spec.matchResources !== undefined) validateMatchResources(spec.matchResources, field.at('matchResources'));
    validateActions(spec.validationActions, field.at('validationActions'));
  },

  columns: [
    nameColumn,
    { name: 'PolicyName', type: 'string', description: 'The policy that is put into force.', cell: ({ spec }) => spec.policyName },
    { name: 'ParamRef', type: 'string', description: 'Its parameters.', cell: ({ spec }) => paramText(spec.paramRef) },
    ageColumn,
  ],
});
