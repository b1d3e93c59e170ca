import { CSIDriver, type TokenRequest } from '#core/api/schema/storage-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

function validateTokens(requests: readonly TokenRequest[], field: FieldPath): void {
  const audiences = new Set<string>();
  for (const [i, { audience, expirationSeconds: seconds }] of requests.entries()) {
    if (audiences.has(audience)) field.at(i, 'audience').duplicate(audience);
    audiences.add(audience);
    const at = field.at(i, 'expirationSeconds');
    if (seconds !== undefined && seconds < 600) at.invalid(seconds, 'may not specify a duration less than 10 minutes');
    if (seconds !== undefined && seconds > 2 ** 32) at.invalid(seconds, 'may not specify a duration larger than 2^32 seconds');
  }
}

export const csiDrivers = resource<CSIDriver>({
  kind: CSIDriver,
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: false,

  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateTokens(spec.tokenRequests ?? [], field.at('tokenRequests'));
    const { nodeAllocatableUpdatePeriodSeconds: period } = spec;
    if (period !== undefined && period < 10) field.at('nodeAllocatableUpdatePeriodSeconds').invalid(period, 'must be greater than or equal to 10 seconds');
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    for (const name of ['attachRequired', 'volumeLifecycleModes'] as const) {
      if (!deepEqual(spec[name], old[name])) errors.invalid(`spec.${name}`, spec[name] ?? null, 'field is immutable');
    }
  },

  columns: [
    nameColumn,
    { name: 'AttachRequired', type: 'boolean', description: 'Volumes are attached before they are mounted.', cell: ({ spec }) => spec.attachRequired ?? true },
    { name: 'PodInfoOnMount', type: 'boolean', description: 'The driver is told which pod a mount is for.', cell: ({ spec }) => spec.podInfoOnMount ?? false },
    { name: 'StorageCapacity', type: 'boolean', description: 'The scheduler heeds the driver\'s capacity.', cell: ({ spec }) => spec.storageCapacity ?? false },
    {
      name: 'TokenRequests', type: 'string', description: 'Audiences of the tokens that the driver gets.',
      cell: ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
    },
    { name: 'RequiresRepublish', type: 'boolean', description: 'Volumes are published again from time to time.', cell: ({ spec }) => spec.requiresRepublish ?? false },
    { name: 'Modes', type: 'string', description: 'Volumes by claims or inside pods.', cell: ({ spec }) => spec.volumeLifecycleModes?.join(',') || '<none>' },
    ageColumn,
  ],
});
