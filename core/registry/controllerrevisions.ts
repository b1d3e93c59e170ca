import { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

/** `statefulset.apps/web`. */
function controllerText({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return '<none>';
  const [group = '', version] = owner.apiVersion.split('/');
  return `${owner.kind}${version === undefined ? '' : `.${group}`}`.toLowerCase() + `/${owner.name}`;
}

export const controllerRevisions = resource<ControllerRevision>({
  kind: ControllerRevision,
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  validate({ data, revision }, errors) {
    if (data === undefined) errors.required('data', 'data is mandatory');
    FieldPath.root(errors).at('revision').notNegative(revision);
  },
  validateUpdate({ data }, { data: old }, errors) {
    if (!deepEqual(data, old)) errors.invalid('data', data, 'field is immutable');
  },

  columns: [
    nameColumn,
    { name: 'Controller', type: 'string', description: 'Whose state it holds.', cell: controllerText },
    { name: 'Revision', type: 'integer', description: 'Its place in the history.', cell: ({ revision }) => revision },
    ageColumn,
  ],
});
