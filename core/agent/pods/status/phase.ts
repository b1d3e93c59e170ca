import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isSidecar } from '#core/agent/pods/config/pod-containers.ts';
import type { ContainerStatuses } from './container-statuses.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

const hasStopped = ({ state, lastState }: ContainerStatus): boolean => state.terminated !== undefined || (state.waiting !== undefined && lastState.terminated !== undefined);
const endOf = ({ state, lastState }: ContainerStatus): number | undefined => (state.terminated ?? (state.waiting === undefined ? undefined : lastState.terminated))?.exitCode;

/** Where the pod is in its life, by its containers. @param isOver nothing of it will be started again */
export function phaseOf({ spec }: Pod, { init, main }: ContainerStatuses, isOver: boolean): Phase {
  const specs = new Map((spec.initContainers ?? []).map((container) => [container.name, container]));
  const isOfSidecar = ({ name }: ContainerStatus): boolean => isSidecar(specs.get(name) ?? {});
  const working = init.filter((status) => !isOfSidecar(status));
  const sidecars = init.filter(isOfSidecar);
  if (isOver && ![...init, ...main].some(({ state }) => state.running !== undefined)) return overPhase(working, main);
  const waitsForInit = main.every((status) => !hasStopped(status) && status.state.running === undefined) && (working.some((status) => endOf(status) !== 0) || sidecars.some((status) => status.started !== true));
  if (waitsForInit) return 'Pending';
  if (main.some((status) => status.state.running === undefined && !hasStopped(status))) return 'Pending';
  return 'Running';
}

/** What a pod leaves behind whose containers have all ended. One that was ended before all of it had begun has failed. */
function overPhase(working: readonly ContainerStatus[], main: readonly ContainerStatus[]): Phase {
  const isFailed = [...working, ...main].some((status) => (endOf(status) ?? 0) !== 0);
  return !isFailed && main.length > 0 && main.every((status) => endOf(status) === 0) ? 'Succeeded' : 'Failed';
}
