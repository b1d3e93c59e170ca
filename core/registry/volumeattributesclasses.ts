import { qualifiedNameProblem } from '#core/api/names.ts';
import { VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateParameters } from './rules/parameters.ts';

export const volumeAttributesClasses = resource<VolumeAttributesClass>({
  kind: VolumeAttributesClass,
  shortNames: ['vac'],
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  validate({ driverName, parameters = {} }, errors) {
    const root = FieldPath.root(errors);
    root.at('driverName').name(driverName, (name) => qualifiedNameProblem(name.toLowerCase()));
    if (Object.keys(parameters).length === 0) root.at('parameters').required('must contain at least one key/value pair');
    validateParameters(parameters, root.at('parameters'));
  },
  validateUpdate(attributesClass, old, errors) {
    if (attributesClass.driverName !== old.driverName) errors.forbidden('driverName', 'updates to driverName are forbidden.');
    if (!deepEqual(attributesClass.parameters ?? {}, old.parameters ?? {})) errors.forbidden('parameters', 'updates to parameters are forbidden.');
  },

  columns: [
    nameColumn,
    { name: 'DriverName', type: 'string', description: 'The CSI driver.', cell: ({ driverName }) => driverName },
    ageColumn,
  ],
});
