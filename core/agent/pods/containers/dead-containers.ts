import { hasEnded } from '#core/agent/pods/actions/restart-policy.ts';
import { containerNamed } from '#core/agent/pods/config/pod-containers.ts';
import type { PodFiles } from '#core/agent/pods/pod-files.ts';
import { runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import type { PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/** Dead containers that nobody can ask for any more: all but the last one of each name. Those that run, or have yet to run, are no dead ones. */
export function surplus({ containers }: PodOnRuntime): readonly Container[] {
  const kept = new Set<string>();
  return containers.filter((container) => {
    if (!hasEnded(container)) return false;
    const isKept = !kept.has(container.name);
    kept.add(container.name);
    return !isKept;
  });
}

/** Removes them, with what the agent kept for them. */
export async function removeDead(services: PodServices, files: PodFiles, state: PodState, runtime: PodOnRuntime, signal: AbortSignal): Promise<void> {
  for (const { id, name, attempt } of surplus(runtime)) {
    await within(services.clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => services.runtime.removeContainer(id, inner));
    state.lastWords.delete(id);
    if (containerNamed(state.pod, name) !== undefined) await files.forgetWords(state.uid, name, attempt);
  }
}
