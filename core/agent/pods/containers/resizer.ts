import { Quantity } from '#core/api/quantity.ts';
import { containerNamed } from '#core/agent/pods/config/pod-containers.ts';
import { containerResources } from '#core/agent/pods/config/resources.ts';
import { messageOf, runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import { resourcesOf } from '#core/agent/pods/runtime/labels.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/** Holds containers that run to the resources that their pod has now. https://kep.k8s.io/1287 */
export async function resize(services: PodServices, state: PodState, running: readonly Container[], signal: AbortSignal): Promise<void> {
  const { runtime, clock, node, recorder } = services;
  const capacity = Number(Quantity.parse(node.node()?.status?.capacity?.['memory'] ?? '0').value());
  for (const container of running) {
    const spec = containerNamed(state.pod, container.name);
    if (spec === undefined) continue;
    const { oomScoreAdj: _fixed, ...resources } = containerResources(state.pod, spec, capacity);
    const wanted = JSON.stringify(resources);
    if (wanted === (state.resized.get(container.id) ?? withoutScore(resourcesOf(container.labels)))) continue;
    try {
      await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.updateResources(container.id, resources, inner));
      state.resized.set(container.id, wanted);
      recorder.normal(state.pod, 'ResizeCompleted', `Pod resize completed: ${JSON.stringify({ container: container.name, ...spec.resources })}`);
    } catch (error) {
      signal.throwIfAborted();
      recorder.warning(state.pod, 'ResizeError', `Pod resize error: ${messageOf(error)}`);
      throw error;
    }
  }
}

function withoutScore(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  const { oomScoreAdj: _fixed, ...resources } = JSON.parse(label) as Record<string, unknown>;
  return JSON.stringify(resources);
}
