import { isSidecar, containerNamed } from '#core/agent/pods/config/pod-containers.ts';
import type { Kill } from '#core/agent/pods/actions/reason-to-kill.ts';
import { containerEvents } from '#core/agent/pods/container-events.ts';
import type { HookRunner } from '#core/agent/pods/hooks/hook-runner.ts';
import { runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/** Every container has this long between the signal and the kill, whatever its hook took. */
const leastGraceMs = 2000;
const defaultGraceSeconds = 30;

/** Stops containers: first their preStop hook, then the signal, then, when their time is over, the kill. */
export class ContainerKiller {
  readonly #services: PodServices;
  readonly #hooks: HookRunner;

  constructor(services: PodServices, hooks: HookRunner) {
    this.#services = services;
    this.#hooks = hooks;
  }

  /** @param graceMs what the container is allowed; by default what its probe says, else its pod */
  async kill(state: PodState, { container, message, probe, isReplaced = false }: Kill, graceMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, recorder, runtime } = this.#services;
    const seconds = probe?.terminationGracePeriodSeconds ?? state.pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
    const allowed = graceMs ?? 1000 * seconds;
    const began = clock.now();
    if (!state.told.has(container.id)) containerEvents(recorder, state.pod, container.name).normal('Killing', message);
    state.told.add(container.id);
    if (isReplaced) state.replaced.add(container.id);
    await this.#preStop(state, container, allowed, signal);
    const left = allowed === 0 ? 0 : Math.max(leastGraceMs, allowed - (clock.now() - began));
    await within(clock, left + runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.stopContainer(container.id, left, inner));
  }

  /** Stops these containers of a pod by its deadline: ordinary ones at the same time, then sidecars, the last one first. */
  async killAll(state: PodState, running: readonly Container[], deadline: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#services;
    const order = (state.pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    const stop = (container: Container): Promise<void> =>
      this.kill(state, { container, message: `Stopping container ${container.name}` }, Math.max(0, deadline - clock.now()), signal);
    const results = await Promise.allSettled(running.filter(({ name }) => !order.includes(name)).map(stop));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    for (const name of order.toReversed()) for (const container of running) if (container.name === name) await stop(container);
  }

  async #preStop(state: PodState, { id, name }: Container, graceMs: number, signal: AbortSignal): Promise<void> {
    const container = containerNamed(state.pod, name);
    const handler = container?.lifecycle?.preStop;
    if (container === undefined || handler === undefined || graceMs === 0 || state.preStopped.has(id)) return;
    const { clock, recorder, logger } = this.#services;
    try {
      await within(clock, graceMs, 'the preStop hook', signal, (inner) => this.#hooks.run(state, container, { id, handler }, inner));
    } catch (error) {
      signal.throwIfAborted();
      // What the hook said may be secret, as kubelet has it.
      containerEvents(recorder, state.pod, name).warning('FailedPreStopHook', 'PreStopHook failed');
      logger.debug('a preStop hook failed', { pod: state.uid, container: name, error });
    }
    state.preStopped.add(id);
  }
}
