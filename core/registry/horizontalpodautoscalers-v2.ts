import { HorizontalPodAutoscaler } from '#core/api/schema/autoscaling-v2.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource, type Column } from './resource.ts';
import { defaultAutoscaler, validateAutoscaler } from './rules/autoscaler-spec.ts';
import { targetsText } from './rules/autoscaler-text.ts';
import { withoutOlderForm } from './rules/autoscaler-v1.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateCounts } from './rules/workload-status.ts';

export const autoscalerColumns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn,
  { name: 'Reference', type: 'string', description: 'The workload that is scaled.', cell: ({ spec: { scaleTargetRef: { kind, name } } }) => `${kind}/${name}` },
  { name: 'Targets', type: 'string', description: 'Present values of the measures, and the aims.', cell: targetsText },
  { name: 'MinPods', type: 'string', description: 'The least number of pods.', cell: ({ spec }) => String(spec.minReplicas ?? '<unset>') },
  { name: 'MaxPods', type: 'integer', description: 'The most pods.', cell: ({ spec }) => spec.maxReplicas },
  { name: 'Replicas', type: 'integer', description: 'Pods there are.', cell: ({ status }) => status.currentReplicas ?? 0 },
  ageColumn,
];

export const horizontalPodAutoscalersV2 = resource<HorizontalPodAutoscaler>({
  kind: HorizontalPodAutoscaler,
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  defaults: ({ spec }) => defaultAutoscaler(spec),
  prepareForCreate: ({ metadata }) => withoutOlderForm(metadata),
  prepareForUpdate: ({ metadata }) => withoutOlderForm(metadata),
  validate: ({ spec }, errors) => validateAutoscaler(spec, FieldPath.root(errors).at('spec')),
  validateStatus: ({ status }, _old, errors) => validateCounts(status, ['currentReplicas', 'desiredReplicas'], FieldPath.root(errors).at('status')),

  columns: autoscalerColumns,
});
