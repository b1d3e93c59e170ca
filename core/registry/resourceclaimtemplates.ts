import { ResourceClaimTemplate } from '#core/api/schema/resource-v1/claim.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateAnnotations } from './rules/annotations.ts';
import { defaultDeviceClaim, validateDeviceClaim } from './rules/device-requests.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateLabels } from './rules/selectors.ts';

export const resourceClaimTemplates = resource<ResourceClaimTemplate>({
  kind: ResourceClaimTemplate,
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  defaults: ({ spec }) => defaultDeviceClaim(spec.spec.devices),
  validateCreate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateLabels(spec.metadata.labels, field.at('metadata', 'labels'));
    validateAnnotations(spec.metadata.annotations, field.at('metadata', 'annotations'));
    validateDeviceClaim(spec.spec.devices, field.at('spec', 'devices'));
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    if (!deepEqual(spec, old)) errors.invalid('spec', spec, 'field is immutable');
  },

  columns: [nameColumn, ageColumn],
});
