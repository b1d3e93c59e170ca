import { ReplicationController, type ReplicationControllerSpec } from '#core/api/schema/core-v1/replication-controller.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { defaultPodTemplate } from './rules/pod-defaults.ts';
import { validateLastingPods, validatePodTemplate } from './rules/pod-template.ts';
import { podNameWarnings, podSpecWarnings } from './rules/pod-warnings.ts';
import { labelsText } from './rules/printing.ts';
import { scaleSubresource } from './rules/scale.ts';
import { containerColumns } from './rules/workload-columns.ts';
import { mismatch, selects } from './rules/workload-selector.ts';
import { validateAtMostReplicas, validateAvailable, validateCounts } from './rules/workload-status.ts';

function validateTemplate({ template, selector = {} }: ReplicationControllerSpec, field: FieldPath): void {
  const at = field.at('template');
  if (template === undefined) return at.required();
  const { labels } = template.metadata;
  if (Object.keys(selector).length > 0 && selects({ matchLabels: selector }, labels) !== true) mismatch(labels, field);
  validatePodTemplate(template, at);
  validateLastingPods(template.spec, 'ReplicationController', at.at('spec'));
}

/** Those of the pods, also after a report that leaves them out. */
function defaultLabels({ metadata, spec }: ReplicationController): void {
  const labels = spec.template?.metadata.labels;
  if (labels === undefined) return;
  spec.selector ??= { ...labels };
  metadata.labels ??= { ...labels };
}

export const replicationControllers = resource<ReplicationController>({
  kind: ReplicationController,
  shortNames: ['rc'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,
  subresources: [scaleSubresource<ReplicationController>(({ spec: { selector } }) => selector && { matchLabels: selector })],

  defaults(controller) {
    const { spec: { template } } = controller;
    if (template !== undefined) defaultPodTemplate(template);
    defaultLabels(controller);
  },
  prepareForStatus: defaultLabels,
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateCounts(spec, ['minReadySeconds', 'replicas'], field);
    if (Object.keys(spec.selector ?? {}).length === 0) field.at('selector').required();
    validateTemplate(spec, field);
  },
  validateStatus({ status }, _old, errors) {
    const field = FieldPath.root(errors).at('status');
    const ofAll = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;
    validateCounts(status, ['replicas', ...ofAll, 'observedGeneration'], field);
    validateAtMostReplicas(status, ofAll, field);
    validateAvailable(status, 'readyReplicas', field);
  },
  warnings: ({ metadata, spec: { template } }, old) =>
    [...(old ? [] : podNameWarnings(metadata)), ...(template ? podSpecWarnings(template.spec, 'spec.template.spec') : [])],

  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', description: 'Pods that are wanted.', cell: ({ spec }) => spec.replicas ?? 0 },
    { name: 'Current', type: 'integer', description: 'Pods there are.', cell: ({ status }) => status.replicas },
    { name: 'Ready', type: 'integer', description: 'Pods that are ready.', cell: ({ status }) => status.readyReplicas ?? 0 },
    ageColumn,
    ...containerColumns<ReplicationController>(({ spec }) => spec.template),
    { name: 'Selector', type: 'string', priority: 1, description: 'Which pods are its own.', cell: ({ spec }) => labelsText(spec.selector) },
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
});
