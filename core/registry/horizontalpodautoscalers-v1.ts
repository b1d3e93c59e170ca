import { HorizontalPodAutoscaler } from '#core/api/schema/autoscaling-v1.ts';
import { HorizontalPodAutoscaler as Newer } from '#core/api/schema/autoscaling-v2.ts';
import { checkEnums } from '#core/api/schema/enums.ts';
import { autoscalerColumns } from './horizontalpodautoscalers-v2.ts';
import { resource } from './resource.ts';
import { defaultUtilization, validateAutoscaler } from './rules/autoscaler-spec.ts';
import { autoscalerFromV1, autoscalerToV1, namesMetrics, statusAnnotations } from './rules/autoscaler-v1.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateCounts } from './rules/workload-status.ts';

/** Annotations that tell of the status are the stored object's, whatever a writer of the spec says. */
function keepStatus({ metadata }: HorizontalPodAutoscaler, old: Readonly<Record<string, string>> = {}): void {
  const annotations = { ...metadata.annotations };
  for (const name of statusAnnotations) {
    const value = old[name];
    if (value === undefined) delete annotations[name];
    else annotations[name] = value;
  }
  if (Object.keys(annotations).length === 0) delete metadata.annotations;
  else metadata.annotations = annotations;
}

/** The older form, which knows CPU only; stored in the newer one. */
export const horizontalPodAutoscalersV1 = resource<HorizontalPodAutoscaler>({
  kind: HorizontalPodAutoscaler,
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  defaults(autoscaler) {
    if (!namesMetrics(autoscaler)) autoscaler.spec.targetCPUUtilizationPercentage ??= defaultUtilization;
  },
  prepareForCreate: (autoscaler) => keepStatus(autoscaler),
  prepareForUpdate: (autoscaler, old) => keepStatus(autoscaler, old.metadata.annotations),
  validate(autoscaler, errors) {
    const newer = autoscalerFromV1(autoscaler);
    checkEnums(Newer.struct, newer, errors);
    validateAutoscaler(newer.spec, FieldPath.root(errors).at('spec'));
  },
  validateStatus: ({ status }, _old, errors) => validateCounts(status, ['currentReplicas', 'desiredReplicas'], FieldPath.root(errors).at('status')),

  storedAs: { kind: Newer, encode: autoscalerFromV1, decode: (stored) => autoscalerToV1(stored as Newer) },

  columns: autoscalerColumns.map((column) => ({ ...column, cell: (autoscaler, now) => column.cell(autoscalerFromV1(autoscaler), now) })),
});
