import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { defaultPodTemplate } from './rules/pod-defaults.ts';
import { validateLastingPods, validatePodTemplate } from './rules/pod-template.ts';
import { podNameWarnings, podSpecWarnings } from './rules/pod-warnings.ts';
import { scaleSubresource } from './rules/scale.ts';
import { containerColumns, selectorColumn } from './rules/workload-columns.ts';
import { validateSameSelector, validateWorkloadSelector } from './rules/workload-selector.ts';
import { validateAtMostReplicas, validateAvailable, validateCounts } from './rules/workload-status.ts';

export const replicaSets = resource<ReplicaSet>({
  kind: ReplicaSet,
  shortNames: ['rs'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,
  subresources: [scaleSubresource<ReplicaSet>(({ spec }) => spec.selector)],

  defaults: ({ spec }) => defaultPodTemplate(spec.template),
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateCounts(spec, ['replicas', 'minReadySeconds'], field);
    validateWorkloadSelector(spec.selector, spec.template, 'replicaset', field);
    validatePodTemplate(spec.template, field.at('template'));
    validateLastingPods(spec.template.spec, 'ReplicaSet', field.at('template', 'spec'));
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    validateSameSelector(spec.selector, old.selector, FieldPath.root(errors).at('spec', 'selector'));
  },
  validateStatus({ status }, _old, errors) {
    const field = FieldPath.root(errors).at('status');
    const ofAll = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;
    validateCounts(status, ['replicas', ...ofAll, 'terminatingReplicas', 'observedGeneration'], field);
    validateAtMostReplicas(status, ofAll, field);
    validateAvailable(status, 'readyReplicas', field);
  },
  warnings: ({ metadata, spec }, old) => [...(old ? [] : podNameWarnings(metadata)), ...podSpecWarnings(spec.template.spec, 'spec.template.spec')],

  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', description: 'Pods that are wanted.', cell: ({ spec }) => spec.replicas ?? 0 },
    { name: 'Current', type: 'integer', description: 'Pods there are.', cell: ({ status }) => status.replicas },
    { name: 'Ready', type: 'integer', description: 'Pods that are ready.', cell: ({ status }) => status.readyReplicas ?? 0 },
    ageColumn,
    ...containerColumns<ReplicaSet>(({ spec }) => spec.template),
    selectorColumn(({ spec }) => spec.selector),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
});
