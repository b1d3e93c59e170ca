import { podActions, type PodActions } from './actions/pod-actions.ts';
import type { Kill } from './actions/reason-to-kill.ts';
import { initContainerNames, type PodContainer } from './config/pod-containers.ts';
import { StartFailure } from './config/start-failure.ts';
import type { ContainerKiller } from './containers/container-killer.ts';
import type { ContainerStarter } from './containers/container-starter.ts';
import type { StartPlace } from './containers/start-place.ts';
import { removeDead } from './containers/dead-containers.ts';
import type { Resizer } from './containers/resizer.ts';
import { beginEnding } from './ending.ts';
import type { PodFiles } from './pod-files.ts';
import type { PodServices } from './pod-services.ts';
import type { PodState } from './pod-state.ts';
import type { PodVolumeKeeper } from './pod-volume-keeper.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import { isRunning, type PodOnRuntime } from './runtime/snapshot.ts';
import type { Sandboxes } from './sandboxes/sandboxes.ts';
import type { StatusReporter } from './status/status-reporter.ts';
import { again, restMs, wait, type Step } from './step.ts';
import type { Container, Sandbox } from '#core/spi/container-runtime.ts';

export interface PodRunnerOptions {
  readonly services: PodServices;
  readonly files: PodFiles;
  readonly sandboxes: Sandboxes;
  readonly starter: ContainerStarter;
  readonly killer: ContainerKiller;
  readonly probes: ProbeManager;
  readonly volumes: PodVolumeKeeper;
  readonly reporter: StatusReporter;
  readonly resizer: Resizer;
}

/** So long at most a container that could not be started is left alone, however often the pod is looked at: its status can be read meanwhile. */
const longestRestMs = 10_000;
/** After what is followed by a back-off it is shorter, so that people see that it waits. */
const [shortRestMs, beforeBackOff] = [5000, new Set<string>(['ErrImagePull', 'RunContainerError', 'PostStartHookError'])];
const restOf = ({ reason, retryMs }: StartFailure): number => Math.min(retryMs, beforeBackOff.has(reason) ? shortRestMs : longestRestMs);
/** Others may leave meanwhile. */
const resizeRetryMs = 10_000;

/** Brings a pod that shall run one step nearer to running. */
export class PodRunner {
  readonly #options: PodRunnerOptions;

  constructor(options: PodRunnerOptions) {
    this.#options = options;
  }

  async step(state: PodState, runtime: PodOnRuntime, signal: AbortSignal): Promise<Step> {
    const { services, sandboxes, probes, reporter } = this.#options;
    const actions = podActions(state.pod, runtime, probes, state.replaced);
    if (actions.isFinished) {
      beginEnding(state, services.clock.now());
      return again;
    }
    if (actions.sandbox !== undefined) await sandboxes.adopt(state, actions.sandbox, runtime, signal);
    const running = runtime.containers.filter((container) => isRunning(container) && container.sandboxId === actions.sandbox?.id);
    probes.update(state, running);
    await reporter.report(state, runtime, signal);
    if (actions.kill.length > 0) return this.#kill(state, actions.kill, signal);
    if (actions.sandbox === undefined) return this.#makeSandbox(state, runtime, actions.attempt, signal);
    if (actions.start.length > 0) return this.#start(state, runtime, { ...actions, sandbox: actions.sandbox }, signal);
    return this.#settle(state, runtime, { sandbox: actions.sandbox, running }, signal);
  }

  /** All runs that shall. */
  async #settle(state: PodState, runtime: PodOnRuntime, { sandbox, running }: { sandbox: Sandbox; running: readonly Container[] }, signal: AbortSignal): Promise<Step> {
    const { resizer, reporter } = this.#options;
    const kills = await resizer.step(state, running, signal);
    if (kills.length > 0) return this.#kill(state, kills, signal);
    await reporter.report(state, runtime, signal);
    await this.#tidy(state, runtime, sandbox, signal);
    return wait(state.resizeRefusal === undefined ? restMs : resizeRetryMs);
  }

  async #kill(state: PodState, kills: readonly Kill[], signal: AbortSignal): Promise<Step> {
    const results = await Promise.allSettled(kills.map((one) => this.#options.killer.kill(state, one, undefined, signal)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return again;
  }

  async #makeSandbox(state: PodState, runtime: PodOnRuntime, attempt: number, signal: AbortSignal): Promise<Step> {
    const { services, sandboxes, killer, volumes } = this.#options;
    if (runtime.sandboxes.length > 0) services.recorder.normal(state.pod, 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    const left = runtime.containers.filter(isRunning);
    if (left.length > 0) {
      await killer.killAll(state, left, services.clock.now() + 1000 * (state.pod.spec.terminationGracePeriodSeconds ?? 30), signal);
      return again;
    }
    await sandboxes.sweep(state, runtime, undefined, signal);
    await this.#networkReady(state, signal);
    await volumes.prepare(state, signal);
    await sandboxes.make(state, attempt, signal);
    return again;
  }

  async #networkReady(state: PodState, signal: AbortSignal): Promise<void> {
    const { services, sandboxes } = this.#options;
    try {
      await sandboxes.network.checkReady(state.pod, signal);
    } catch (error) {
      signal.throwIfAborted();
      services.recorder.warning(state.pod, 'NetworkNotReady', `network is not ready: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  /** Starts what can be started. One that cannot does not hold up the others, but for init containers, which come one after the other. */
  async #start(state: PodState, runtime: PodOnRuntime, { sandbox, start }: PodActions & { readonly sandbox: Sandbox }, signal: AbortSignal): Promise<Step> {
    const { sandboxes, volumes, reporter, services: { clock } } = this.#options;
    // With the first of them this has been seen to.
    if (!runtime.containers.some(({ sandboxId }) => sandboxId === sandbox.id)) await sandboxes.network.checkPolicies(state, sandbox, signal);
    const isDue = ({ name }: PodContainer): boolean => (state.retryAt.get(name) ?? 0) <= clock.now();
    const init = initContainerNames(state.pod);
    const prepared = start.some(isDue) ? await volumes.prepare(state, signal) : undefined;
    let started = false;
    for (const container of start) {
      const isHeldUp = prepared === undefined || !isDue(container) || !(await this.#startOne({ state, sandbox, runtime, volumes: prepared }, container, signal));
      if (!isHeldUp) started = true;
      else if (init.has(container.name)) break;
    }
    if (started) return again;
    await reporter.report(state, runtime, signal);
    await this.#tidy(state, runtime, sandbox, signal);
    return wait(Math.min(...start.map(({ name }) => (state.retryAt.get(name) ?? Infinity) - clock.now())));
  }

  /** Whether it could be started. */
  async #startOne(place: StartPlace, container: PodContainer, signal: AbortSignal): Promise<boolean> {
    const { starter, services: { clock } } = this.#options;
    const { failures, retryAt } = place.state;
    try {
      await starter.start(place, container, signal);
      retryAt.delete(container.name);
      return true;
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      failures.set(container.name, error);
      retryAt.set(container.name, clock.now() + restOf(error));
      return false;
    }
  }

  /** What can wait until the pod runs. */
  async #tidy(state: PodState, runtime: PodOnRuntime, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { services, files, sandboxes, volumes, reporter } = this.#options;
    await removeDead(services, files, state, runtime, signal);
    await sandboxes.sweep(state, runtime, sandbox, signal);
    await volumes.refresh(state, signal);
    if (await sandboxes.network.repair(state, sandbox, signal)) await reporter.report(state, runtime, signal);
  }
}
