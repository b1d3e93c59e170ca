import type { Pod } from '#core/api/schema/core-v1/pod.ts';

interface Selector {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** Whether one scope of a quota takes the pod in. */
export function coversPod({ scopeName, operator, values = [] }: Selector, pod: Pod): boolean {
  switch (scopeName) {
    case 'Terminating': return isBounded(pod);
    case 'NotTerminating': return !isBounded(pod);
    case 'BestEffort': return isBestEffort(pod);
    case 'NotBestEffort': return !isBestEffort(pod);
    case 'CrossNamespacePodAffinity': return reachesOtherNamespaces(pod);
    case 'PriorityClass': return holds(pod.spec.priorityClassName ?? '', operator, values);
    default: return false;
  }
}

const isBounded = ({ spec }: Pod): boolean => spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;

const isBestEffort = ({ spec }: Pod): boolean =>
  [...(spec.containers ?? []), ...(spec.initContainers ?? [])].every(({ resources }) =>
    [resources?.requests, resources?.limits].every((amounts) => !('cpu' in (amounts ?? {})) && !('memory' in (amounts ?? {}))));

function reachesOtherNamespaces({ spec: { affinity } }: Pod): boolean {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((side) => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some((term) => (term?.namespaces?.length ?? 0) > 0 || term?.namespaceSelector !== undefined);
}

function holds(value: string, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In': return values.includes(value);
    case 'NotIn': return !values.includes(value);
    case 'Exists': return value !== '';
    default: return operator === 'DoesNotExist' && value === '';
  }
}
