import { PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateConditions } from './rules/conditions.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateAtMostAll, validateIntOrPercent } from './rules/int-or-percent.ts';
import { validateLabelSelector } from './rules/selectors.ts';
import { validateCounts } from './rules/workload-status.ts';

export const podDisruptionBudgets = resource<PodDisruptionBudget>({
  kind: PodDisruptionBudget,
  shortNames: ['pdb'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: false,

  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) field.invalid(spec, 'minAvailable and maxUnavailable cannot be both set');
    for (const name of ['minAvailable', 'maxUnavailable'] as const) {
      const value = spec[name];
      if (value === undefined) continue;
      validateIntOrPercent(value, field.at(name));
      validateAtMostAll(value, field.at(name));
    }
    validateLabelSelector(spec.selector, field.at('selector'));
  },
  validateStatus({ status }, _old, errors) {
    const field = FieldPath.root(errors).at('status');
    validateConditions(status.conditions, field.at('conditions'));
    validateCounts(status, ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'], field);
  },

  columns: [
    nameColumn,
    { name: 'Min Available', type: 'string', description: 'Pods that must stay.', cell: ({ spec }) => String(spec.minAvailable ?? 'N/A') },
    { name: 'Max Unavailable', type: 'string', description: 'Pods that may be missing.', cell: ({ spec }) => String(spec.maxUnavailable ?? 'N/A') },
    { name: 'Allowed Disruptions', type: 'integer', description: 'How many more pods may go now.', cell: ({ status }) => status.disruptionsAllowed },
    ageColumn,
  ],
});
