import { dnsSubdomainProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import { CSIStorageCapacity } from '#core/api/schema/storage-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { notNegative } from './rules/amounts.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateLabelSelector } from './rules/selectors.ts';

export const csiStorageCapacities = resource<CSIStorageCapacity>({
  kind: CSIStorageCapacity,
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  validate(capacity, errors) {
    const root = FieldPath.root(errors);
    validateLabelSelector(capacity.nodeTopology, root.at('nodeTopology'));
    root.at('storageClassName').check(capacity.storageClassName, dnsSubdomainProblem(capacity.storageClassName));
    for (const name of ['capacity', 'maximumVolumeSize'] as const) {
      const text = capacity[name];
      if (text !== undefined) notNegative(Quantity.parse(text), root.at(name));
    }
  },
  validateUpdate(capacity, old, errors) {
    for (const name of ['nodeTopology', 'storageClassName'] as const) {
      if (!deepEqual(capacity[name], old[name])) errors.invalid(name, capacity[name] ?? null, 'field is immutable');
    }
  },

  columns: [
    nameColumn,
    { name: 'StorageClassName', type: 'string', description: 'The class.', cell: ({ storageClassName }) => storageClassName },
    { name: 'Capacity', type: 'string', description: 'Room that is left.', cell: ({ capacity }) => capacity ?? '<unset>' },
  ],
});
