import { DaemonSet, type DaemonSetSpec } from '#core/api/schema/apps-v1/daemon-set.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { amountIn, validateAtMostAll, validateIntOrPercent } from './rules/int-or-percent.ts';
import { defaultPodTemplate } from './rules/pod-defaults.ts';
import { validateLastingPods, validatePodTemplate } from './rules/pod-template.ts';
import { podSpecWarnings } from './rules/pod-warnings.ts';
import { labelsText } from './rules/printing.ts';
import { containerColumns, selectorColumn } from './rules/workload-columns.ts';
import { validateSameSelector, validateWorkloadSelector } from './rules/workload-selector.ts';
import { validateCollisions, validateCounts } from './rules/workload-status.ts';

function defaultStrategy({ updateStrategy: strategy }: DaemonSetSpec): void {
  if (strategy.type !== 'RollingUpdate') return;
  const { maxUnavailable = 1, maxSurge = 0 } = strategy.rollingUpdate ?? {};
  strategy.rollingUpdate = { maxUnavailable, maxSurge };
}

function validateStrategy({ updateStrategy: { type, rollingUpdate } }: DaemonSetSpec, field: FieldPath): void {
  if (type !== 'RollingUpdate' || rollingUpdate === undefined) return;
  const { maxUnavailable = 1, maxSurge = 0 } = rollingUpdate;
  for (const [name, value] of Object.entries({ maxUnavailable, maxSurge })) {
    validateIntOrPercent(value, field.at(name));
    validateAtMostAll(value, field.at(name));
  }
  const [unavailable, surges] = [amountIn(maxUnavailable) !== 0, amountIn(maxSurge) !== 0];
  if (unavailable && surges) field.at('maxSurge').invalid(maxSurge, 'may not be set when maxUnavailable is non-zero');
  if (!unavailable && !surges) field.at('maxUnavailable').required('cannot be 0 when maxSurge is 0');
}

/** Once a field, it counts the templates; the server alone writes it, and every DaemonSet shows it. */
const templateGeneration = 'deprecated.daemonset.template.generation';

const templatesOf = ({ metadata: { annotations } }: DaemonSet): number => Math.max(1, Number.parseInt(annotations?.[templateGeneration] ?? '', 10) || 1);

function countTemplates({ metadata }: DaemonSet, count: number): void {
  metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(count) };
}

const counts = [
  'currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled',
  'numberAvailable', 'numberUnavailable',
] as const;

export const daemonSets = resource<DaemonSet>({
  kind: DaemonSet,
  shortNames: ['ds'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  defaults({ spec }) {
    defaultPodTemplate(spec.template);
    defaultStrategy(spec);
  },
  prepareForCreate: (set) => countTemplates(set, templatesOf(set)),
  prepareForUpdate: (set, old) => countTemplates(set, templatesOf(old) + (deepEqual(set.spec.template, old.spec.template) ? 0 : 1)),
  prepareForStatus: (set, old) => countTemplates(set, templatesOf(old)),
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateCounts(spec, ['minReadySeconds', 'revisionHistoryLimit'], field);
    validateWorkloadSelector(spec.selector, spec.template, 'daemonset', field);
    validatePodTemplate(spec.template, field.at('template'));
    validateLastingPods(spec.template.spec, 'DaemonSet', field.at('template', 'spec'));
    validateStrategy(spec, field.at('updateStrategy', 'rollingUpdate'));
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    validateSameSelector(spec.selector, old.selector, FieldPath.root(errors).at('spec', 'selector'));
  },
  validateStatus({ status }, { status: old }, errors) {
    const field = FieldPath.root(errors).at('status');
    validateCounts(status, counts, field);
    validateCollisions(status, old, field);
  },
  warnings: ({ spec }) => podSpecWarnings(spec.template.spec, 'spec.template.spec'),

  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', description: 'Nodes that should run the pod.', cell: ({ status }) => status.desiredNumberScheduled },
    { name: 'Current', type: 'integer', description: 'Nodes that should run the pod and do.', cell: ({ status }) => status.currentNumberScheduled },
    { name: 'Ready', type: 'integer', description: 'Nodes that have the pod ready.', cell: ({ status }) => status.numberReady },
    { name: 'Up-to-date', type: 'integer', description: 'Nodes with a pod of the present template.', cell: ({ status }) => status.updatedNumberScheduled ?? 0 },
    { name: 'Available', type: 'integer', description: 'Nodes that have the pod available.', cell: ({ status }) => status.numberAvailable ?? 0 },
    { name: 'Node Selector', type: 'string', description: 'Labels of the nodes that should run the pod.', cell: ({ spec }) => labelsText(spec.template.spec.nodeSelector) },
    ageColumn,
    ...containerColumns<DaemonSet>(({ spec }) => spec.template),
    selectorColumn(({ spec }) => spec.selector),
  ],
});
