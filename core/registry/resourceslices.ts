import { ResourceSlice } from '#core/api/schema/resource-v1/slice.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateSliceSpec } from './rules/device-slice.ts';
import { FieldPath } from './rules/field-path.ts';

export const resourceSlices = resource<ResourceSlice>({
  kind: ResourceSlice,
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  validate: ({ spec }, errors) => validateSliceSpec(spec, FieldPath.root(errors).at('spec')),
  validateUpdate({ spec }, { spec: old }, errors) {
    errors.immutable('spec.pool.name', spec.pool.name, old.pool.name);
    errors.immutable('spec.driver', spec.driver, old.driver);
    errors.immutable('spec.nodeName', spec.nodeName, old.nodeName);
  },

  columns: [
    nameColumn,
    { name: 'Node', type: 'string', description: 'The node that can use the devices.', cell: ({ spec }) => spec.nodeName ?? '' },
    { name: 'Driver', type: 'string', description: 'The driver.', cell: ({ spec }) => spec.driver },
    { name: 'Pool', type: 'string', description: 'The pool of the devices.', cell: ({ spec }) => spec.pool.name },
    ageColumn,
  ],
  selectableFields: { 'spec.nodeName': ({ spec }) => spec.nodeName ?? '', 'spec.driver': ({ spec }) => spec.driver },
});
