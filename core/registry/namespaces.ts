import { dnsLabelProblem } from '#core/api/names.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { finalizerProblem } from './metadata.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

const nameLabel = 'kubernetes.io/metadata.name';

/** Network policies and the like select a namespace by name through this label, so nobody can change it. */
function labelWithName({ metadata }: Namespace): void {
  if (metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}

export const namespaces = resource<Namespace>({
  kind: Namespace,
  shortNames: ['ns'],
  // All at once cannot be deleted.
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  hasStatus: true,
  hasFinalize: true,
  allowsUnconditionalUpdate: true,
  nameProblem: dnsLabelProblem,

  defaults: labelWithName,
  prepareForCreate(namespace) {
    const finalizers = namespace.spec.finalizers ?? [];
    namespace.spec.finalizers = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
    namespace.status = { phase: 'Active' };
    labelWithName(namespace);
  },
  prepareForUpdate(namespace, old) {
    const { finalizers } = old.spec;
    if (finalizers === undefined) delete namespace.spec.finalizers;
    else namespace.spec.finalizers = [...finalizers];
    labelWithName(namespace);
  },
  prepareForDelete({ status }) {
    status.phase = 'Terminating';
  },
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec', 'finalizers');
    for (const name of spec.finalizers ?? []) field.check(name, finalizerProblem(name));
  },
  validateStatus({ metadata, status }, _old, errors) {
    const deleting = metadata.deletionTimestamp !== undefined;
    const expected = deleting ? 'Terminating' : 'Active';
    if (status.phase === expected) return;
    errors.invalid('status.Phase', status.phase, `may only be '${expected}' if \`deletionTimestamp\` is ${deleting ? 'not ' : ''}empty`);
  },

  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'Active, or Terminating while its content is removed.', cell: ({ status }) => status.phase ?? '' },
    ageColumn,
  ],
  selectableFields: { 'status.phase': ({ status }) => status.phase ?? '' },
});
