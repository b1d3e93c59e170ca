import { dnsLabelProblem } from '#core/api/names.ts';
import { StatefulSet, StatefulSetSpec } from '#core/api/schema/apps-v1/stateful-set.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateClaimSpec } from './rules/claim-spec.ts';
import { same } from './rules/differences.ts';
import { FieldPath } from './rules/field-path.ts';
import { amountIn, validateAtMostAll, validateIntOrPercent } from './rules/int-or-percent.ts';
import { defaultPodTemplate } from './rules/pod-defaults.ts';
import { validateLastingPods, validatePodTemplate } from './rules/pod-template.ts';
import { podSpecWarnings } from './rules/pod-warnings.ts';
import { scaleSubresource } from './rules/scale.ts';
import { containerColumns } from './rules/workload-columns.ts';
import { validateWorkloadSelector } from './rules/workload-selector.ts';
import { validateAtMostReplicas, validateAvailable, validateCollisions, validateCounts } from './rules/workload-status.ts';

function validateStrategy({ updateStrategy: { type, rollingUpdate } }: StatefulSetSpec, field: FieldPath): void {
  if (rollingUpdate === undefined) return;
  const at = field.at('rollingUpdate');
  if (type !== 'RollingUpdate') return at.invalid(rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'");
  const { partition, maxUnavailable } = rollingUpdate;
  at.at('partition').notNegative(partition);
  if (maxUnavailable === undefined) return;
  const unavailable = at.at('maxUnavailable');
  validateIntOrPercent(maxUnavailable, unavailable);
  if (amountIn(maxUnavailable) === 0) unavailable.invalid(maxUnavailable, 'cannot be 0');
  validateAtMostAll(maxUnavailable, unavailable);
}

function validateClaims(claims: readonly PersistentVolumeClaim[], field: FieldPath): void {
  const names = new Set<string>();
  for (const [i, { metadata, spec }] of claims.entries()) {
    const at = field.at(i);
    const name = at.at('metadata', 'name');
    name.name(metadata.name, dnsLabelProblem);
    if (names.has(metadata.name)) name.duplicate(metadata.name);
    names.add(metadata.name);
    validateClaimSpec(spec, at.at('spec'));
  }
}

/** The template as pods will have it: each claim is also a volume. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const volumes = template.spec.volumes ?? [];
  const names = new Set(volumes.map(({ name }) => name));
  const claims = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name));
  const added = [...claims].filter((name) => !names.has(name) && name !== undefined && dnsLabelProblem(name) === undefined);
  return { ...template, spec: { ...template.spec, volumes: [...volumes, ...added.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))] } };
}

const changeable = [
  'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds',
] as const satisfies readonly (keyof StatefulSetSpec)[];

export const statefulSets = resource<StatefulSet>({
  kind: StatefulSet,
  shortNames: ['sts'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,
  nameProblem: dnsLabelProblem,
  subresources: [scaleSubresource<StatefulSet>(({ spec }) => spec.selector)],

  defaults({ spec }) {
    defaultPodTemplate(spec.template);
    if (spec.updateStrategy.type === 'RollingUpdate') spec.updateStrategy.rollingUpdate ??= { partition: 0 };
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion = apiVersionOf(PersistentVolumeClaim);
      claim.kind = PersistentVolumeClaim.kind;
    }
  },
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateStrategy(spec, field.at('updateStrategy'));
    validateCounts(spec, ['replicas', 'minReadySeconds', 'revisionHistoryLimit'], field);
    field.at('ordinals', 'start').notNegative(spec.ordinals?.start);
    field.at('serviceName').optional(spec.serviceName, dnsLabelProblem);
    validateWorkloadSelector(spec.selector, spec.template, 'statefulset', field);
    validateClaims(spec.volumeClaimTemplates ?? [], field.at('volumeClaimTemplates'));
    validatePodTemplate(withClaims(spec), field.at('template'));
    validateLastingPods(spec.template.spec, 'StatefulSet', field.at('template', 'spec'));
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    const rest = { ...spec };
    for (const name of changeable) Object.assign(rest, { [name]: old[name] });
    if (same(StatefulSetSpec, old, rest)) return;
    errors.forbidden('spec', "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', " +
      "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
  },
  validateStatus({ status }, { status: old }, errors) {
    const field = FieldPath.root(errors).at('status');
    const ofAll = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;
    validateCounts(status, ['replicas', ...ofAll, 'observedGeneration'], field);
    validateAtMostReplicas(status, ofAll, field);
    validateAvailable(status, 'status.readyReplicas', field);
    validateCollisions(status, old, field);
  },
  warnings: ({ spec }) => podSpecWarnings(spec.template.spec, 'spec.template.spec'),

  columns: [
    nameColumn,
    { name: 'Ready', type: 'string', description: 'Pods that are ready, of those wanted.', cell: ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}` },
    ageColumn,
    ...containerColumns<StatefulSet>(({ spec }) => spec.template),
  ],
});
