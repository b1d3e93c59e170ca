import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import type { ProbeResults } from '#core/agent/pods/probes/probe-results.ts';
import { newest, readySandbox, type PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import type { Container, Sandbox } from '#core/spi/container-runtime.ts';
import { initActions } from './init-actions.ts';
import { reasonToKill, type Kill } from './reason-to-kill.ts';
import { hasEnded, restartsAfter, restartsOnFailure } from './restart-policy.ts';

/** The next things to do for a pod that shall run. */
export interface PodActions {
  /** The sandbox in which the pod runs; undefined when it needs one. */
  readonly sandbox: Sandbox | undefined;
  /** How many sandboxes there were before the one that is needed. */
  readonly attempt: number;
  readonly kill: readonly Kill[];
  /** In this order. */
  readonly start: readonly PodContainer[];
  /** Nothing of the pod has to run any more. */
  readonly isFinished: boolean;
}

const finished = (sandbox: Sandbox | undefined, attempt: number): PodActions => ({ sandbox, attempt, kill: [], start: [], isFinished: true });

/**
 * What a pod needs, by what the runtime has of it: the same answer comes after a restart of the agent.
 * @param replaced containers that the agent itself ended to make them anew
 */
export function podActions(pod: Pod, runtime: PodOnRuntime, probes: ProbeResults, replaced: ReadonlySet<string>): PodActions {
  const sandbox = readySandbox(runtime);
  const attempt = (runtime.sandboxes[0]?.attempt ?? -1) + 1;
  if (sandbox === undefined) return withoutSandbox(pod, runtime, attempt, replaced);
  const ephemeral = (pod.spec.ephemeralContainers ?? []).filter(({ name }) => newest(runtime, name, sandbox.id) === undefined);
  const init = initActions(pod, runtime, sandbox.id, probes);
  if (init.isFailed) return finished(sandbox, attempt);
  const plan = { sandbox, attempt, isFinished: false };
  if (!init.isDone) return { ...plan, kill: init.kill, start: [...ephemeral, ...init.start] };
  const main = mainActions(pod, runtime, sandbox.id, probes, replaced);
  if (main.isFinished) return finished(sandbox, attempt);
  return { ...plan, kill: [...init.kill, ...main.kill], start: [...ephemeral, ...init.start, ...main.start] };
}

/** Containers of an earlier sandbox have ended with it; those that shall not run again need no new one. */
function withoutSandbox(pod: Pod, runtime: PodOnRuntime, attempt: number, replaced: ReadonlySet<string>): PodActions {
  const ran = pod.spec.containers.some(({ name }) => newest(runtime, name) !== undefined);
  if (!restartsOnFailure(pod) && attempt > 0 && ran) return finished(undefined, attempt);
  const needed = pod.spec.containers.some((container) => {
    const last = newest(runtime, container.name);
    return last === undefined || replaced.has(last.id) || restartsAfter(pod, container, last);
  });
  return needed ? { sandbox: undefined, attempt, kill: [], start: [], isFinished: false } : finished(undefined, attempt);
}

/** In a new sandbox a container that had done its work is not run again; any other is. */
function isToStart(pod: Pod, container: PodContainer, last: Container, sandboxId: string, replaced: ReadonlySet<string>): boolean {
  if (hasEnded(last)) return replaced.has(last.id) || restartsAfter(pod, container, last);
  return last.state !== 'Running' || last.sandboxId !== sandboxId;
}

interface MainActions {
  readonly kill: Kill[];
  readonly start: PodContainer[];
  isFinished: boolean;
}

function mainActions(pod: Pod, runtime: PodOnRuntime, sandboxId: string, probes: ProbeResults, replaced: ReadonlySet<string>): MainActions {
  const actions: MainActions = { kill: [], start: [], isFinished: true };
  for (const container of pod.spec.containers) {
    const last = newest(runtime, container.name);
    if (last === undefined || isToStart(pod, container, last, sandboxId, replaced)) {
      actions.start.push(container);
      actions.isFinished = false;
    } else if (!hasEnded(last)) {
      actions.isFinished = false;
      const kill = reasonToKill(pod, container, last, probes);
      if (kill !== undefined) actions.kill.push(kill);
    }
  }
  return actions;
}
