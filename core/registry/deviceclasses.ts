import { DeviceClass } from '#core/api/schema/resource-v1/device-class.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { isExtended } from './rules/amounts.ts';
import { validateDeviceConfiguration, validateDeviceSelectors } from './rules/device-requests.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateItems } from './rules/lists.ts';

const maxConfigurations = 32;

export const deviceClasses = resource<DeviceClass>({
  kind: DeviceClass,
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  validate({ spec: { selectors, config, extendedResourceName: name } }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateDeviceSelectors(selectors, field.at('selectors'));
    validateItems(config, maxConfigurations, validateDeviceConfiguration, field.at('config'));
    if (name !== undefined && !isExtended(name)) field.at('extendedResourceName').invalid(name, 'must be a valid extended resource name');
  },

  columns: [nameColumn, ageColumn],
});
