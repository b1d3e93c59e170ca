import { Affinity, NodeSelectorRequirement, type NodeSelectorTerm, type Toleration } from '#core/api/schema/core-v1/affinity.ts';
import type { Container } from '#core/api/schema/core-v1/container.ts';
import { PodSpec, type Pod } from '#core/api/schema/core-v1/pod.ts';
import { list, type Type } from '#core/api/schema/type.ts';
import { differenceText, same } from './differences.ts';
import type { FieldPath } from './field-path.ts';
import { qosClassOf } from './pod-qos.ts';

const changeable = [
  '`spec.containers[*].image`', '`spec.initContainers[*].image`', '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

function validateDeadline(now: number | undefined, old: number | undefined, field: FieldPath): void {
  if (now === undefined) {
    if (old !== undefined) field.invalid(null, 'must not update from a positive integer to nil value');
  } else if (old !== undefined && now > old) {
    field.invalid(now, 'must be less than or equal to previous value');
  }
}

function validateTolerations(now: readonly Toleration[], old: readonly Toleration[], field: FieldPath): void {
  const text = ({ key, operator, value, effect }: Toleration): string => JSON.stringify([key ?? '', operator ?? '', value ?? '', effect ?? '']);
  const kept = new Set(now.map(text));
  if (!old.every((toleration) => kept.has(text(toleration)))) field.forbidden('existing toleration can not be modified except its tolerationSeconds');
}

function validateGates(now: PodSpec['schedulingGates'], old: PodSpec['schedulingGates'], field: FieldPath): void {
  const known = new Set(old?.map(({ name }) => name));
  for (const [i, { name }] of (now ?? []).entries()) {
    if (!known.has(name)) field.at(i, 'name').forbidden(`only deletion is allowed, but found new scheduling gate '${name}'`);
  }
}

const onlyAdds = <T>(now: readonly T[] | undefined, old: readonly T[] | undefined, type: Type): boolean =>
  same(list(type), old ?? [], (now ?? []).slice(0, (old ?? []).length));

function termOnlyAdds(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const empty = (term: NodeSelectorTerm): boolean => (term.matchExpressions ?? []).length === 0 && (term.matchFields ?? []).length === 0;
  if (empty(old)) return empty(now);
  return onlyAdds(now.matchExpressions, old.matchExpressions, NodeSelectorRequirement) && onlyAdds(now.matchFields, old.matchFields, NodeSelectorRequirement);
}

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const termsOf = ({ affinity }: PodSpec): readonly NodeSelectorTerm[] => affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms ?? [];

/** A gated pod may still be narrowed to fewer nodes. */
function validateNarrowing(now: PodSpec, old: PodSpec, field: FieldPath): void {
  const selector = now.nodeSelector ?? {};
  if (Object.entries(old.nodeSelector ?? {}).some(([key, value]) => selector[key] !== value)) {
    field.at('nodeSelector').invalid(selector, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)');
  }
  const [before, after] = [termsOf(old), termsOf(now)];
  const terms = field.at('affinity', 'nodeAffinity', hard, 'nodeSelectorTerms');
  if (before.length > 0 && before.length !== after.length) {
    return terms.invalid(after, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed');
  }
  for (const [i, term] of before.entries()) {
    const changed = after[i];
    if (changed !== undefined && !termOnlyAdds(changed, term)) terms.at(i).invalid(changed, 'only additions are allowed (no mutations or deletions)');
  }
}

const withOldImages = (now: readonly Container[] | undefined, old: readonly Container[] | undefined): Container[] | undefined =>
  now?.map((container, i) => ({ ...container, image: old?.[i]?.image }));

const isGated = ({ schedulingGates }: PodSpec): boolean => (schedulingGates ?? []).length > 0;

/** The new spec with everything that may change put back, so that what still differs is forbidden. */
function withoutChanges(now: PodSpec, old: PodSpec): PodSpec {
  const { terminationGracePeriodSeconds: grace = 0 } = old;
  const raised = grace < 0 && now.terminationGracePeriodSeconds === 1;
  const affinity = { ...now.affinity, nodeAffinity: old.affinity?.nodeAffinity };
  const unset = old.affinity === undefined && same(Affinity, {}, affinity);
  return {
    ...now,
    containers: withOldImages(now.containers, old.containers) ?? [],
    initContainers: withOldImages(now.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    ...(raised ? { terminationGracePeriodSeconds: grace } : {}),
    ...(isGated(old) ? { nodeSelector: old.nodeSelector, affinity: unset ? undefined : affinity } : {}),
  };
}

/** Almost nothing of a pod's spec can change once it exists. */
export function validatePodSpecUpdate({ spec: now, status }: Pod, { spec: old, status: oldStatus }: Pod, field: FieldPath): void {
  const other = (['containers', 'initContainers'] as const).find((name) => now[name]?.length !== old[name]?.length);
  if (other !== undefined) return field.at(other).forbidden('pod updates may not add or remove containers');
  validateDeadline(now.activeDeadlineSeconds, old.activeDeadlineSeconds, field.at('activeDeadlineSeconds'));
  validateTolerations(now.tolerations ?? [], old.tolerations ?? [], field.at('tolerations'));
  validateGates(now.schedulingGates, old.schedulingGates, field.at('schedulingGates'));
  if (same(PodSpec, old, now)) return;
  if ((oldStatus.qosClass ?? qosClassOf(old)) !== qosClassOf(now)) field.at('qosClass').invalid(status.qosClass, 'Pod QoS is immutable');
  if (isGated(old)) validateNarrowing(now, old, field);
  const rest = withoutChanges(now, old);
  if (!same(PodSpec, old, rest)) field.forbidden(`pod updates may not change fields other than ${changeable}${differenceText(PodSpec, old, rest, 'spec')}`);
}
