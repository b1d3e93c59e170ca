import { dnsLabelProblem } from '#core/api/names.ts';
import { IngressClass, type IngressClassParametersReference } from '#core/api/schema/networking-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { domainPrefixedPathProblem } from './rules/host-names.ts';
import { validateTypedReference } from './rules/ingress-spec.ts';

const maxController = 250;
const scopes = ['Cluster', 'Namespace'];

function validateParameters(parameters: IngressClassParametersReference, field: FieldPath): void {
  validateTypedReference(parameters, field);
  const { scope = '', namespace } = parameters;
  const at = field.at('namespace');
  if (!scopes.includes(scope)) field.at('scope').notSupported(scope, scopes);
  else if (scope === 'Cluster' && namespace !== undefined) at.forbidden("`parameters.scope` is set to 'Cluster'");
  else if (scope === 'Namespace' && namespace === undefined) at.required("`parameters.scope` is set to 'Namespace'");
  else if (namespace !== undefined) at.check(namespace, dnsLabelProblem(namespace));
}

function parametersText({ spec: { parameters } }: IngressClass): string {
  if (parameters === undefined) return '<none>';
  const { apiGroup, kind, name } = parameters;
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
}

export const ingressClasses = resource<IngressClass>({
  kind: IngressClass,
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    const { controller = '', parameters } = spec;
    if (controller.length > maxController) field.at('controller').tooLong(maxController);
    field.at('controller').name(controller, domainPrefixedPathProblem);
    if (parameters !== undefined) validateParameters(parameters, field.at('parameters'));
  },
  validateUpdate: ({ spec }, { spec: old }, errors) => errors.immutable('spec.controller', spec.controller ?? '', old.controller ?? ''),

  columns: [
    nameColumn,
    { name: 'Controller', type: 'string', description: 'The controller that serves the class.', cell: ({ spec }) => spec.controller ?? '' },
    { name: 'Parameters', type: 'string', description: 'The object with settings for the controller.', cell: parametersText },
    ageColumn,
  ],
});
