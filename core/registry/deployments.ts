import { Deployment, type DeploymentSpec } from '#core/api/schema/apps-v1/deployment.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { amountIn, validateAtMostAll, validateIntOrPercent } from './rules/int-or-percent.ts';
import { defaultPodTemplate } from './rules/pod-defaults.ts';
import { validateLastingPods, validatePodTemplate } from './rules/pod-template.ts';
import { podNameWarnings, podSpecWarnings } from './rules/pod-warnings.ts';
import { scaleSubresource } from './rules/scale.ts';
import { containerColumns, selectorColumn } from './rules/workload-columns.ts';
import { validateSameSelector, validateWorkloadSelector } from './rules/workload-selector.ts';
import { validateAtMostReplicas, validateAvailable, validateCollisions, validateCounts } from './rules/workload-status.ts';

function defaultStrategy({ strategy }: DeploymentSpec): void {
  if (strategy.type !== 'RollingUpdate') return;
  const { maxUnavailable = '25%', maxSurge = '25%' } = strategy.rollingUpdate ?? {};
  strategy.rollingUpdate = { maxUnavailable, maxSurge };
}

function validateStrategy({ strategy: { type, rollingUpdate } }: DeploymentSpec, field: FieldPath): void {
  if (rollingUpdate === undefined) return;
  const at = field.at('rollingUpdate');
  if (type === 'Recreate') return at.forbidden("may not be specified when strategy `type` is 'Recreate'");
  const { maxUnavailable = '25%', maxSurge = '25%' } = rollingUpdate;
  validateIntOrPercent(maxUnavailable, at.at('maxUnavailable'));
  validateIntOrPercent(maxSurge, at.at('maxSurge'));
  if (amountIn(maxUnavailable) === 0 && amountIn(maxSurge) === 0) at.at('maxUnavailable').invalid(maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  validateAtMostAll(maxUnavailable, at.at('maxUnavailable'));
}

export const deployments = resource<Deployment>({
  kind: Deployment,
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  statusKeeps: ['labels'],
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,
  subresources: [scaleSubresource<Deployment>(({ spec }) => spec.selector)],

  defaults({ spec }) {
    defaultPodTemplate(spec.template);
    defaultStrategy(spec);
  },
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
    validateCounts(spec, ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'], field);
    validateWorkloadSelector(spec.selector, spec.template, 'deployment', field);
    validatePodTemplate(spec.template, field.at('template'));
    validateLastingPods(spec.template.spec, 'ReplicaSet', field.at('template', 'spec'));
    validateStrategy(spec, field.at('strategy'));
    if (deadline !== undefined && deadline <= minReadySeconds) field.at('progressDeadlineSeconds').invalid(deadline, 'must be greater than minReadySeconds');
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    validateSameSelector(spec.selector, old.selector, FieldPath.root(errors).at('spec', 'selector'));
  },
  validateStatus({ status }, { status: old }, errors) {
    const field = FieldPath.root(errors).at('status');
    const ofAll = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;
    validateCounts(status, ['observedGeneration', 'replicas', ...ofAll, 'unavailableReplicas', 'terminatingReplicas'], field);
    validateAtMostReplicas(status, ofAll, field);
    validateAvailable(status, 'readyReplicas', field);
    validateCollisions(status, old, field);
  },
  warnings: ({ metadata, spec }, old) => [...(old ? [] : podNameWarnings(metadata)), ...podSpecWarnings(spec.template.spec, 'spec.template.spec')],

  columns: [
    nameColumn,
    { name: 'Ready', type: 'string', description: 'Pods that are ready, of those wanted.', cell: ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}` },
    { name: 'Up-to-date', type: 'integer', description: 'Pods made from the present template.', cell: ({ status }) => status.updatedReplicas ?? 0 },
    { name: 'Available', type: 'integer', description: 'Pods that are available.', cell: ({ status }) => status.availableReplicas ?? 0 },
    ageColumn,
    ...containerColumns<Deployment>(({ spec }) => spec.template),
    selectorColumn(({ spec }) => spec.selector),
  ],
});
