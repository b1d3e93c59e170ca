import { messageOf, runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import type { PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Sandbox } from '#core/spi/container-runtime.ts';
import { PodNetwork } from './pod-network.ts';
import { sandboxConfig } from './sandbox-config.ts';

/** Makes and removes what a pod's containers share. A sandbox is removed only after the network has let go of it. */
export class Sandboxes {
  readonly network: PodNetwork;
  readonly #services: PodServices;

  constructor(services: PodServices) {
    this.#services = services;
    this.network = new PodNetwork(services);
  }

  /** A sandbox with its network. What a failure leaves behind is taken away again, now or by `sweep`. */
  async make(state: PodState, attempt: number, signal: AbortSignal): Promise<Sandbox> {
    const { runtime, clock, making, node, recorder } = this.#services;
    try {
      return await making.run(async () => {
        const config = sandboxConfig(state.pod, attempt, node.clusterDomain);
        const sandbox = await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.runSandbox(config, inner));
        try {
          await this.network.connect(state, sandbox, signal);
        } catch (error) {
          await this.remove(state, sandbox, signal).catch(() => undefined);
          throw new Error(`failed to setup network for sandbox "${sandbox.id}": ${messageOf(error)}`, { cause: error });
        }
        return sandbox;
      }, signal);
    } catch (error) {
      signal.throwIfAborted();
      recorder.warning(state.pod, 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`);
      throw error;
    }
  }

  /** A sandbox that is there already. One without a network, in which nothing was made yet, is of no use: another is made. */
  async adopt(state: PodState, sandbox: Sandbox, { containers }: PodOnRuntime, signal: AbortSignal): Promise<void> {
    try {
      await this.network.adopt(state, sandbox, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!containers.some(({ sandboxId }) => sandboxId === sandbox.id)) await this.remove(state, sandbox, signal);
      this.#services.recorder.warning(state.pod, 'FailedCreatePodSandBox', `Failed to create pod sandbox: failed to setup network for sandbox "${sandbox.id}": ${messageOf(error)}`);
      throw error;
    }
  }

  /** Stops what runs in it and takes it off the network; its dead containers stay, for their logs. */
  async stop(state: PodState, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { runtime, clock } = this.#services;
    await this.network.disconnect(state, sandbox, signal);
    // Also one that is not ready: of what it was there may be processes left, which hold a namespace or a mount.
    await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.stopSandbox(sandbox.id, inner));
  }

  async remove(state: PodState, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { runtime, clock } = this.#services;
    await this.stop(state, sandbox, signal);
    await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.removeSandbox(sandbox.id, inner));
    forget(state, sandbox);
  }

  /** Somebody took sandboxes out of the engine, or the engine is another one: what the network gave them is given back. */
  async disconnectLost(state: PodState, { sandboxes }: PodOnRuntime, signal: AbortSignal): Promise<void> {
    for (const sandbox of state.connected.values()) {
      if (sandboxes.some(({ id }) => id === sandbox.id)) continue;
      // The number of its first process may be somebody else's by now.
      const { netns: _gone, ...rest } = sandbox;
      await this.network.disconnect(state, { ...rest, state: 'NotReady' }, signal);
      forget(state, sandbox);
    }
  }

  /** Removes sandboxes of the pod that have had their day and hold nothing that somebody may ask for. */
  async sweep(state: PodState, runtime: PodOnRuntime, current: Sandbox | undefined, signal: AbortSignal): Promise<void> {
    const { sandboxes, containers } = runtime;
    await this.disconnectLost(state, runtime, signal);
    const needed = new Set(containers.map(({ sandboxId }) => sandboxId));
    for (const sandbox of sandboxes) {
      if (sandbox.id === current?.id) continue;
      if (needed.has(sandbox.id)) await this.stop(state, sandbox, signal);
      else await this.remove(state, sandbox, signal);
    }
  }
}

function forget(state: PodState, { id }: Sandbox): void {
  state.addresses.delete(id);
  state.disconnected.delete(id);
}
