import { Quantity } from '#core/api/quantity.ts';
import type { Kill } from '#core/agent/pods/actions/reason-to-kill.ts';
import { containerNamed, type PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { containerResources } from '#core/agent/pods/config/resources.ts';
import type { FitChecker } from '#core/agent/pods/fit/fit-checker.ts';
import { messageOf, runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import { resourcesOf } from '#core/agent/pods/runtime/labels.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Container, ContainerResources } from '#core/spi/container-runtime.ts';

type Limits = Omit<ContainerResources, 'oomScoreAdj'>;

interface Resize {
  readonly running: Container;
  readonly spec: PodContainer;
  readonly before: Limits;
  readonly wanted: Limits;
}

/** Holds containers that run to the resources that their pod has now, as far as the node has them. https://kep.k8s.io/1287 */
export class Resizer {
  readonly #services: PodServices;
  readonly #fit: FitChecker;

  constructor(services: PodServices, fit: FitChecker) {
    this.#services = services;
    this.#fit = fit;
  }

  /** @returns containers that have to be made anew for it, by their `resizePolicy` */
  async step(state: PodState, running: readonly Container[], signal: AbortSignal): Promise<readonly Kill[]> {
    const resizes = this.#resizes(state, running);
    const refusal = resizes.length === 0 ? undefined : this.#fit.checkResize(state.pod);
    this.#tell(state, refusal);
    if (refusal !== undefined) return [];
    const kills: Kill[] = [];
    for (const one of resizes) {
      if (needsRestart(one)) kills.push({ container: one.running, message: `Container ${one.spec.name} resize requires restart`, isReplaced: true });
      else await this.#apply(state, one, signal);
    }
    return kills;
  }

  #resizes(state: PodState, running: readonly Container[]): readonly Resize[] {
    const capacity = Number(Quantity.parse(this.#services.node.node()?.status?.capacity?.['memory'] ?? '0').value());
    return running.flatMap((container) => {
      const spec = containerNamed(state.pod, container.name);
      const label = state.resized.get(container.id) ?? resourcesOf(container.labels);
      if (spec === undefined || label === undefined) return [];
      const [before, wanted] = [limitsIn(JSON.parse(label) as ContainerResources), limitsIn(containerResources(state.pod, spec, capacity))];
      return JSON.stringify(before) === JSON.stringify(wanted) ? [] : [{ running: container, spec, before, wanted }];
    });
  }

  /** Once for each answer, and as the condition `PodResizePending` as long as it stands. */
  #tell(state: PodState, refusal: PodState['resizeRefusal']): void {
    if (refusal !== undefined && state.resizeRefusal?.reason !== refusal.reason) this.#services.recorder.warning(state.pod, `Resize${refusal.reason}`, `Pod resize ${refusal.reason}: ${refusal.message}`);
    state.resizeRefusal = refusal;
  }

  async #apply(state: PodState, { running, spec, wanted }: Resize, signal: AbortSignal): Promise<void> {
    const { runtime, clock, recorder } = this.#services;
    try {
      await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.updateResources(running.id, wanted, inner));
    } catch (error) {
      signal.throwIfAborted();
      recorder.warning(state.pod, 'ResizeError', `Pod resize error: ${messageOf(error)}`);
      throw error;
    }
    state.resized.set(running.id, JSON.stringify(wanted));
    state.granted.set(spec.name, spec.resources);
    recorder.normal(state.pod, 'ResizeCompleted', `Pod resize completed: ${JSON.stringify({ container: spec.name, ...spec.resources })}`);
  }
}

/** In one order, whatever the order in a label. */
const limitsIn = ({ cpuShares, cpuPeriod, cpuQuota, memoryLimit }: ContainerResources): Limits => ({ cpuShares, cpuPeriod, cpuQuota, memoryLimit });

function needsRestart({ spec: { resizePolicy = [] }, before, wanted }: Resize): boolean {
  const changed = [...(before.memoryLimit === wanted.memoryLimit ? [] : ['memory']), ...(before.cpuShares === wanted.cpuShares && before.cpuQuota === wanted.cpuQuota ? [] : ['cpu'])];
  return resizePolicy.some(({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && changed.includes(resourceName));
}
