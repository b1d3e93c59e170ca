import { ResourceClaim } from '#core/api/schema/resource-v1/claim.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { allMetadata, resource } from './resource.ts';
import { validateClaimStatus } from './rules/device-allocation.ts';
import { defaultDeviceClaim, validateDeviceClaim } from './rules/device-requests.ts';
import { FieldPath } from './rules/field-path.ts';

function stateText({ metadata, status: { allocation, reservedFor = [] } }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp !== undefined;
  const states = deleted ? ['deleted'] : [];
  if (allocation !== undefined) states.push('allocated');
  else if (!deleted) states.push('pending');
  if (allocation !== undefined && reservedFor.length > 0) states.push('reserved');
  return states.join(',');
}

export const resourceClaims = resource<ResourceClaim>({
  kind: ResourceClaim,
  hasStatus: true,
  statusKeeps: allMetadata,
  allowsUnconditionalUpdate: true,

  defaults: ({ spec }) => defaultDeviceClaim(spec.devices),
  validateCreate: ({ spec }, errors) => validateDeviceClaim(spec.devices, FieldPath.root(errors).at('spec', 'devices')),
  validateUpdate({ spec }, { spec: old }, errors) {
    if (!deepEqual(spec, old)) errors.invalid('spec', spec, 'field is immutable');
  },
  validateStatus: (claim, old, errors) => validateClaimStatus(claim, old, FieldPath.root(errors).at('status')),

  columns: [
    nameColumn,
    { name: 'State', type: 'string', description: 'What became of the claim, in a few words.', cell: stateText },
    ageColumn,
  ],
});
