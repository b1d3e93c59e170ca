import { MutatingWebhookConfiguration } from '#core/api/schema/admissionregistration-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateWebhooks } from './rules/webhooks.ts';

export const mutatingWebhookConfigurations = resource<MutatingWebhookConfiguration>({
  kind: MutatingWebhookConfiguration,
  categories: ['api-extensions'],
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: false,

  // There is no spec by whose changes the API server could count.
  prepareForUpdate({ metadata, webhooks }, old) {
    if (!deepEqual(webhooks, old.webhooks)) metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate({ webhooks }, errors) {
    validateWebhooks(webhooks, FieldPath.root(errors).at('webhooks'));
  },

  columns: [
    nameColumn,
    { name: 'Webhooks', type: 'integer', description: 'Number of webhooks.', cell: ({ webhooks = [] }) => webhooks.length },
    ageColumn,
  ],
});
