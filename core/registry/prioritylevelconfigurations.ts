import { PriorityLevelConfiguration, type PriorityLevelConfigurationSpec } from '#core/api/schema/flowcontrol-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { allMetadata, resource, type Column } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateExemptLevel, validateFlowConditions, validateLimitedLevel } from './rules/flow-control.ts';
import { mandatoryPriorityLevels } from './rules/mandatory-flows.ts';

const exempt = 'exempt';

function validateFixed(name: string, spec: PriorityLevelConfigurationSpec, field: FieldPath): void {
  const fixed = mandatoryPriorityLevels.get(name);
  if (fixed === undefined) return;
  // What the exempt level takes and lends may be adjusted.
  const same = name === exempt ? deepEqual({ ...spec, exempt: undefined }, { ...fixed, exempt: undefined }) : deepEqual(spec, fixed);
  if (!same) field.invalid(spec, `spec of '${name}' ${name === exempt ? 'except the spec.exempt field ' : ''}must equal the fixed value`);
}

function validateSpec({ type, limited, exempt: unlimited }: PriorityLevelConfigurationSpec, name: string, field: FieldPath): void {
  if ((name === exempt) !== (type === 'Exempt')) field.at('type').invalid(type, "type must be 'Exempt' if and only if name is 'exempt'");
  if (type === 'Exempt' && limited !== undefined) field.at('limited').forbidden('must be nil if the type is not Limited');
  if (type === 'Limited' && unlimited !== undefined) field.at('exempt').forbidden('must be nil if the type is Limited');
  if (type === 'Limited' && limited === undefined) field.at('limited').required('must not be empty when type is Limited');
  if (limited !== undefined) validateLimitedLevel(limited, field.at('limited'));
  if (unlimited !== undefined) validateExemptLevel(unlimited, field.at('exempt'));
}

type Queuing = NonNullable<NonNullable<PriorityLevelConfigurationSpec['limited']>['limitResponse']['queuing']>;

const queuingColumn = (name: string, of: keyof Queuing): Column<PriorityLevelConfiguration> =>
  ({ name, type: 'string', description: `${of} of a level whose requests wait.`, cell: ({ spec }) => spec.limited?.limitResponse.queuing?.[of] ?? '<none>' });

export const priorityLevelConfigurations = resource<PriorityLevelConfiguration>({
  kind: PriorityLevelConfiguration,
  hasStatus: true,
  statusKeeps: allMetadata,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  defaults({ spec }) {
    if (spec.type === 'Exempt') spec.exempt ??= { nominalConcurrencyShares: 0, lendablePercent: 0 };
  },
  validate({ metadata: { name }, spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateSpec(spec, name, field);
    validateFixed(name, spec, field);
  },
  validateStatus({ status }, _old, errors) {
    validateFlowConditions(status.conditions, FieldPath.root(errors).at('status', 'conditions'));
  },

  columns: [
    nameColumn,
    { name: 'Type', type: 'string', description: 'Whether requests are limited.', cell: ({ spec }) => spec.type },
    {
      name: 'NominalConcurrencyShares', type: 'string', description: 'Its part of the server\'s limit.',
      cell: ({ spec }) => spec.limited?.nominalConcurrencyShares ?? spec.exempt?.nominalConcurrencyShares ?? '<none>',
    },
    queuingColumn('Queues', 'queues'),
    queuingColumn('HandSize', 'handSize'),
    queuingColumn('QueueLengthLimit', 'queueLengthLimit'),
    ageColumn,
  ],
});
