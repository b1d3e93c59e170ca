import { qualifiedNameProblem } from '#core/api/names.ts';
import type { TopologySelectorTerm } from '#core/api/schema/core-v1/affinity.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateParameters } from './rules/parameters.ts';

function validateTerm({ matchLabelExpressions = [] }: TopologySelectorTerm, field: FieldPath): void {
  const keys = new Set<string>();
  for (const [i, { key, values }] of matchLabelExpressions.entries()) {
    const at = field.at('matchLabelExpressions', i);
    if (values.length === 0) at.at('values').required();
    const seen = new Set<string>();
    for (const [j, value] of values.entries()) {
      if (seen.has(value)) at.at('values', j).duplicate(value);
      seen.add(value);
    }
    at.at('key').check(key, qualifiedNameProblem(key));
    if (keys.has(key)) at.at('key').duplicate(key);
    keys.add(key);
  }
}

function validateTopologies(terms: readonly TopologySelectorTerm[], field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, term] of terms.entries()) {
    validateTerm(term, field.at(i));
    const text = JSON.stringify((term.matchLabelExpressions ?? []).map(({ key, values }) => JSON.stringify([key, [...values].sort()])).sort());
    if (seen.has(text)) field.at(i, 'matchLabelExpressions').duplicate('');
    seen.add(text);
  }
}

const defaultAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
const isDefault = ({ metadata }: StorageClass): boolean => defaultAnnotations.some((name) => metadata.annotations?.[name] === 'true');

export const storageClasses = resource<StorageClass>({
  kind: StorageClass,
  shortNames: ['sc'],
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  validate(storageClass, errors) {
    const root = FieldPath.root(errors);
    root.at('provisioner').name(storageClass.provisioner, (name) => qualifiedNameProblem(name.toLowerCase()));
    validateParameters(storageClass.parameters ?? {}, root.at('parameters'));
    validateTopologies(storageClass.allowedTopologies ?? [], root.at('allowedTopologies'));
  },
  validateUpdate(storageClass, old, errors) {
    if (!deepEqual(storageClass.parameters ?? {}, old.parameters ?? {})) errors.forbidden('parameters', 'updates to parameters are forbidden.');
    for (const name of ['provisioner', 'reclaimPolicy'] as const) {
      if (storageClass[name] !== old[name]) errors.forbidden(name, `updates to ${name} are forbidden.`);
    }
    errors.immutable('volumeBindingMode', storageClass.volumeBindingMode, old.volumeBindingMode);
  },

  columns: [
    { ...nameColumn, cell: (storageClass) => `${storageClass.metadata.name}${isDefault(storageClass) ? ' (default)' : ''}` },
    { name: 'Provisioner', type: 'string', description: 'The driver that makes the volumes.', cell: ({ provisioner }) => provisioner },
    { name: 'ReclaimPolicy', type: 'string', description: 'What becomes of volumes after their claims.', cell: ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete' },
    { name: 'VolumeBindingMode', type: 'string', description: 'When claims are bound.', cell: ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate' },
    { name: 'AllowVolumeExpansion', type: 'string', description: 'Whether claims may grow.', cell: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false },
    ageColumn,
  ],
});
