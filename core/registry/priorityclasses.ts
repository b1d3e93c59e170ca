import { PriorityClass } from '#core/api/schema/scheduling-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { highestUserPriority, systemPrefix, systemPriorityClasses } from './rules/system-priorities.ts';

/** Why a class with the system's prefix is none of the system's. */
function imposture({ metadata: { name }, value, globalDefault = false }: PriorityClass): string | undefined {
  const known = systemPriorityClasses.find(({ metadata }) => metadata.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

export const priorityClasses = resource<PriorityClass>({
  kind: PriorityClass,
  shortNames: ['pc'],
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  validate(priorityClass, errors) {
    const { metadata, value } = priorityClass;
    if (metadata.name.startsWith(systemPrefix)) {
      const why = imposture(priorityClass);
      if (why !== undefined) errors.forbidden('metadata.name', `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${why}`);
    } else if (value > highestUserPriority) {
      errors.forbidden('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`);
    }
  },
  validateUpdate(priorityClass, old, errors) {
    if (priorityClass.value !== old.value) errors.forbidden('value', 'may not be changed in an update.');
    errors.immutable('preemptionPolicy', priorityClass.preemptionPolicy, old.preemptionPolicy);
  },

  columns: [
    nameColumn,
    { name: 'Value', type: 'integer', description: 'The priority; higher goes first.', cell: ({ value }) => value },
    { name: 'Global-Default', type: 'boolean', description: 'Pods that name no class get this one.', cell: ({ globalDefault }) => globalDefault ?? false },
    ageColumn,
    { name: 'PreemptionPolicy', type: 'string', description: 'Whether its pods push out others.', cell: ({ preemptionPolicy }) => preemptionPolicy ?? '' },
  ],
});
