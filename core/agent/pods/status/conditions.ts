import type { Pod, PodCondition } from '#core/api/schema/core-v1/pod.ts';
import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import { isSidecar, sidecarsOf } from '#core/agent/pods/config/pod-containers.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { ContainerStatuses } from './container-statuses.ts';
import type { Phase } from './phase.ts';

type Said = Pick<PodCondition, 'status' | 'reason' | 'message'>;

const yes: Said = { status: 'True' };
const no = (reason: string, message = ''): Said => ({ status: 'False', reason, ...(message === '' ? {} : { message }) });
const namesOf = (statuses: readonly ContainerStatus[]): string => `[${statuses.map(({ name }) => name).join(' ')}]`;

function initialized(pod: Pod, { init, main }: ContainerStatuses, phase: Phase): Said {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  // Once an ordinary container began, all before it had been through.
  if (main.some(({ state, lastState }) => state.running !== undefined || state.terminated !== undefined || lastState.terminated !== undefined)) return yes;
  const specs = new Map((pod.spec.initContainers ?? []).map((container) => [container.name, container]));
  const missing = init.filter((status) => (isSidecar(specs.get(status.name) ?? {}) ? status.started !== true : !status.ready));
  return missing.length === 0 ? yes : no('ContainersNotInitialized', `containers with incomplete status: ${namesOf(missing)}`);
}

function containersReady(pod: Pod, { init, main }: ContainerStatuses, phase: Phase): Said {
  if (phase === 'Succeeded') return no('PodCompleted');
  if (phase === 'Failed') return no('PodFailed');
  const sidecars = new Set(sidecarsOf(pod).map(({ name }) => name));
  const unready = [...init.filter(({ name }) => sidecars.has(name)), ...main].filter(({ ready }) => !ready);
  return unready.length === 0 ? yes : no('ContainersNotReady', `containers with unready status: ${namesOf(unready)}`);
}

function ready({ spec: { readinessGates = [] }, status }: Pod, containers: Said): Said {
  if (containers.status !== 'True') return containers;
  const problems = readinessGates.flatMap(({ conditionType }) => {
    const found = status?.conditions?.find(({ type }) => type === conditionType);
    if (found === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return found.status === 'True' ? [] : [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  return problems.length === 0 ? yes : no('ReadinessGatesNotReady', problems.join(', '));
}

export interface ConditionFacts {
  readonly pod: Pod;
  readonly statuses: ContainerStatuses;
  readonly phase: Phase;
  /** Its sandbox runs and is connected. */
  readonly hasNetwork: boolean;
  /** Why the node's pressure ends the pod. */
  readonly disruption: string | undefined;
  /** Why what it requests now is not given. */
  readonly resizeRefusal: { readonly reason: string; readonly message: string } | undefined;
  readonly before: readonly PodCondition[];
  readonly now: number;
}

/** The conditions that a node agent speaks for; all others belong to somebody else. */
export function podConditions({ pod, statuses, phase, hasNetwork, disruption, resizeRefusal, before, now }: ConditionFacts): PodCondition[] {
  const containers = containersReady(pod, statuses, phase);
  const said: [string, Said][] = [
    ['PodReadyToStartContainers', { status: hasNetwork ? 'True' : 'False' }],
    ['Initialized', initialized(pod, statuses, phase)],
    ['Ready', ready(pod, containers)],
    ['ContainersReady', containers],
    ['PodScheduled', yes],
    ...(disruption === undefined ? [] : [['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: disruption }] satisfies [string, Said]]),
    ...(resizeRefusal === undefined ? [] : [['PodResizePending', { status: 'True', ...resizeRefusal }] satisfies [string, Said]]),
  ];
  const observedGeneration = pod.metadata.generation;
  return said.map(([type, one]) => {
    const known = before.find((condition) => condition.type === type);
    const lastTransitionTime = known?.status === one.status && known.lastTransitionTime ? known.lastTransitionTime : rfc3339(now);
    return { type, ...one, lastTransitionTime, ...(observedGeneration === undefined ? {} : { observedGeneration }) };
  });
}
