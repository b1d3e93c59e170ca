import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ContainerUsage } from '#core/spi/container-runtime.ts';

export interface NamedUsage {
  readonly name: string;
  /** RFC 3339; undefined when it is not known. */
  readonly startedAt: string | undefined;
  readonly usage: ContainerUsage;
}

export interface PodUsage {
  readonly pod: Pod;
  readonly containers: readonly NamedUsage[];
}

/** Which pod's and container's each figure is: runtimes know ids only. Pods of whom nothing is measured are left out. */
export function usageByPod(pods: readonly Pod[], usages: readonly ContainerUsage[]): PodUsage[] {
  const byId = new Map(usages.map((usage) => [usage.id, usage]));
  return pods.map((pod) => ({ pod, containers: statusesOf(pod).flatMap((status) => namedUsage(status, byId)) })).filter(({ containers }) => containers.length > 0);
}

function namedUsage({ name, containerID = '', state }: ContainerStatus, byId: ReadonlyMap<string, ContainerUsage>): NamedUsage[] {
  const usage = byId.get(containerID.replace(/^[^:]*:\/\//, ''));
  return usage === undefined ? [] : [{ name, startedAt: state?.running?.startedAt, usage }];
}

export function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
}

export const cpuOf = ({ containers }: PodUsage): bigint => containers.reduce((sum, { usage }) => sum + usage.cpuNanoseconds, 0n);
export const workingSetOf = ({ containers }: PodUsage): bigint => containers.reduce((sum, { usage }) => sum + usage.memoryWorkingSet, 0n);
export const memoryOf = ({ containers }: PodUsage): bigint => containers.reduce((sum, { usage }) => sum + usage.memoryUsage, 0n);
/** Milliseconds since the epoch of the newest figure. */
export const timeOf = ({ containers }: PodUsage): number => Math.max(...containers.map(({ usage }) => usage.time));
