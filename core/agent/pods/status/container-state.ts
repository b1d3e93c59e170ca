import type { ContainerState, ContainerStateTerminated } from '#core/api/schema/core-v1/container-status.ts';
import { exitCodeOf, hasEnded } from '#core/agent/pods/actions/restart-policy.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/** `docker://ID` */
export const containerIdText = (runtimeName: string, id: string): string => `${runtimeName}://${id}`;

function reasonOf(container: Container): string {
  if (container.oomKilled === true) return 'OOMKilled';
  if (container.startedAt === undefined) return 'StartError';
  return exitCodeOf(container) === 0 ? 'Completed' : 'Error';
}

/** @param words what it said at its end */
export function terminated(container: Container, words: string, runtimeName: string): ContainerStateTerminated {
  const message = words === '' ? container.error ?? '' : words;
  return {
    exitCode: exitCodeOf(container),
    reason: reasonOf(container),
    ...(message === '' ? {} : { message }),
    startedAt: rfc3339(container.startedAt ?? 0),
    finishedAt: rfc3339(container.finishedAt ?? container.createdAt),
    containerID: containerIdText(runtimeName, container.id),
  };
}

export function stateOf(container: Container, words: string, runtimeName: string): ContainerState {
  if (container.state === 'Running') return { running: { startedAt: rfc3339(container.startedAt ?? container.createdAt) } };
  return hasEnded(container) ? { terminated: terminated(container, words, runtimeName) } : { waiting: { reason: 'ContainerCreating' } };
}

/** Of a container that ran, by the status, and of which the runtime has nothing. */
export const vanished = (containerID: string | undefined, now: number): ContainerStateTerminated => ({
  exitCode: 137, reason: 'ContainerStatusUnknown', message: 'The container could not be located when the pod was terminated',
  startedAt: rfc3339(0), finishedAt: rfc3339(now), ...(containerID === undefined ? {} : { containerID }),
});
