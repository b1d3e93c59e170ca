import { dnsSubdomainProblem } from '#core/api/names.ts';
import { FlowSchema } from '#core/api/schema/flowcontrol-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { allMetadata, resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateFlowConditions, validateFlowRule } from './rules/flow-control.ts';
import { mandatoryFlowSchemas } from './rules/mandatory-flows.ts';

const highestPrecedence = 10_000;

function validatePrecedence(precedence: number, name: string, field: FieldPath): void {
  if (precedence <= 0) field.invalid(precedence, 'must be a positive value');
  if (precedence > highestPrecedence) field.invalid(precedence, `must not be greater than ${highestPrecedence}`);
  if (precedence === 1 && name !== 'exempt') field.invalid(precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
}

export const flowSchemas = resource<FlowSchema>({
  kind: FlowSchema,
  hasStatus: true,
  statusKeeps: allMetadata,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  validate({ metadata: { name }, spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validatePrecedence(spec.matchingPrecedence ?? 0, name, field.at('matchingPrecedence'));
    const level = spec.priorityLevelConfiguration.name;
    const at = field.at('priorityLevelConfiguration', 'name');
    if (level === '') at.required('must reference a priority level');
    else at.check(level, dnsSubdomainProblem(level));
    for (const [i, rule] of (spec.rules ?? []).entries()) validateFlowRule(rule, field.at('rules', i));
    const fixed = mandatoryFlowSchemas.get(name);
    if (fixed !== undefined && !deepEqual(spec, fixed)) field.invalid(spec, `spec of '${name}' must equal the fixed value`);
  },
  validateStatus({ status }, _old, errors) {
    validateFlowConditions(status.conditions, FieldPath.root(errors).at('status', 'conditions'));
  },

  columns: [
    nameColumn,
    { name: 'PriorityLevel', type: 'string', description: 'The level that the requests belong to.', cell: ({ spec }) => spec.priorityLevelConfiguration.name },
    { name: 'MatchingPrecedence', type: 'integer', description: 'Lower goes first.', cell: ({ spec }) => spec.matchingPrecedence ?? 0 },
    { name: 'DistinguisherMethod', type: 'string', description: 'How its requests are told apart.', cell: ({ spec }) => spec.distinguisherMethod?.type ?? '<none>' },
    ageColumn,
    {
      name: 'MissingPL', type: 'string', description: 'Whether there is no such priority level.',
      cell: ({ status }) => status.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    },
  ],
});
