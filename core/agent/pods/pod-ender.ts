import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ContainerKiller } from './containers/container-killer.ts';
import type { PodFiles } from './pod-files.ts';
import { runtimeTimeoutMs, type PodServices } from './pod-services.ts';
import type { Ending, PodState } from './pod-state.ts';
import type { PodVolumeKeeper } from './pod-volume-keeper.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import { isRunning, type PodOnRuntime } from './runtime/snapshot.ts';
import { within } from './runtime/within.ts';
import type { Sandboxes } from './sandboxes/sandboxes.ts';
import type { StatusReporter } from './status/status-reporter.ts';
import { again, gone, wait, type Step } from './step.ts';

export interface PodEnderOptions {
  readonly services: PodServices;
  readonly files: PodFiles;
  readonly sandboxes: Sandboxes;
  readonly killer: ContainerKiller;
  readonly probes: ProbeManager;
  readonly volumes: PodVolumeKeeper;
  readonly reporter: StatusReporter;
  /** None of the pod's containers runs any more. */
  readonly stopped: (uid: string) => void;
}

/**
 * Ends a pod, in this order: containers, network, volumes; and when it was deleted, everything that is left of it on the node,
 * and last its object. One that ended by itself keeps its dead containers until it is deleted, for their logs.
 */
export class PodEnder {
  readonly #options: PodEnderOptions;

  constructor(options: PodEnderOptions) {
    this.#options = options;
  }

  async step(state: PodState, ending: Ending, runtime: PodOnRuntime, signal: AbortSignal): Promise<Step> {
    const { sandboxes, killer, probes, volumes, reporter, stopped } = this.#options;
    const running = runtime.containers.filter(isRunning);
    probes.update(state, running);
    const isCleared = runtime.containers.length === 0 && runtime.sandboxes.length === 0 && state.isStopped;
    // What is cleared away tells nothing of how it ended.
    if (!isCleared) await reporter.report(state, runtime, signal);
    if (running.length > 0) {
      await killer.killAll(state, running, ending.deadline, signal);
      return again;
    }
    state.isStopped = true;
    await sandboxes.disconnectLost(state, runtime, signal);
    for (const sandbox of runtime.sandboxes) await sandboxes.stop(state, sandbox, signal);
    await volumes.release(state, signal);
    stopped(state.uid);
    const isDeleted = state.isRemoved || state.pod.metadata.deletionTimestamp !== undefined;
    return isDeleted ? this.#clear(state, runtime, signal) : wait();
  }

  async #clear(state: PodState, runtime: PodOnRuntime, signal: AbortSignal): Promise<Step> {
    const { sandboxes, files, reporter, services } = this.#options;
    // The last words of the status come before what they are about goes.
    if (!state.isRemoved) await reporter.settled(state, signal);
    for (const sandbox of runtime.sandboxes) await sandboxes.remove(state, sandbox, signal);
    for (const { id, sandboxId } of runtime.containers) {
      if (runtime.sandboxes.some((sandbox) => sandbox.id === sandboxId)) continue;
      await within(services.clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => services.runtime.removeContainer(id, inner));
    }
    await files.remove(state.uid);
    if (state.isRemoved) return gone;
    await this.#delete(state, signal);
    return wait();
  }

  /** The agent has the last word: nothing of the pod is left on its node. */
  async #delete({ pod: { metadata: { namespace, name, uid } } }: PodState, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.services.client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}
