import type { Container as ContainerSpec } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isSidecar } from '#core/agent/pods/config/pod-containers.ts';
import type { ProbeResults } from '#core/agent/pods/probes/probe-results.ts';
import { newest, type PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import type { Container } from '#core/spi/container-runtime.ts';
import { reasonToKill, type Kill } from './reason-to-kill.ts';
import { exitCodeOf, hasEnded, restartsAfter } from './restart-policy.ts';

export interface InitActions {
  readonly kill: readonly Kill[];
  readonly start: readonly ContainerSpec[];
  /** The ordinary containers may run. */
  readonly isDone: boolean;
  /** One of them failed for good. */
  readonly isFailed: boolean;
}

/**
 * Init containers in their order: each has to have ended well, or as a sidecar to have started, before the next begins. Once an ordinary container was made in
 * this sandbox all of them have been through, whatever is still there of them, and only sidecars are kept running.
 */
export function initActions(pod: Pod, runtime: PodOnRuntime, sandboxId: string, probes: ProbeResults): InitActions {
  const { initContainers = [], containers } = pod.spec;
  const kill: Kill[] = [];
  const start: ContainerSpec[] = [];
  const wasMade = ({ name }: ContainerSpec): boolean => newest(runtime, name, sandboxId) !== undefined;
  const wasThrough = containers.some(wasMade);
  // A later one that was made proves that those before it were through, also when nothing is left of them.
  const reached = initContainers.findLastIndex(wasMade);
  for (const [i, container] of initContainers.entries()) {
    const isPassed = wasThrough || i < reached;
    if (isPassed && !isSidecar(container)) continue;
    const { standing, reason } = look(pod, container, newest(runtime, container.name, sandboxId), probes);
    if (reason !== undefined) kill.push(reason);
    if (standing === 'failed') return { kill, start: [], isDone: false, isFailed: true };
    if (standing === 'start') start.push(container);
    if (standing !== 'done' && !isPassed) return { kill, start, isDone: false, isFailed: false };
  }
  return { kill, start, isDone: true, isFailed: false };
}

interface Look {
  readonly standing: 'done' | 'waits' | 'start' | 'failed';
  readonly reason?: Kill;
}

function look(pod: Pod, container: ContainerSpec, last: Container | undefined, probes: ProbeResults): Look {
  if (last?.state === 'Running') {
    const reason = isSidecar(container) ? reasonToKill(pod, container, last, probes) : undefined;
    if (reason !== undefined) return { standing: 'waits', reason };
    return { standing: isSidecar(container) && isStarted(container, last, probes) ? 'done' : 'waits' };
  }
  if (last === undefined || !hasEnded(last) || isSidecar(container)) return { standing: 'start' };
  if (exitCodeOf(last) === 0) return { standing: 'done' };
  return { standing: restartsAfter(pod, container, last) ? 'start' : 'failed' };
}

const isStarted = ({ startupProbe }: ContainerSpec, { id }: Container, probes: ProbeResults): boolean => startupProbe === undefined || probes.of(id).startup === 'Success';
