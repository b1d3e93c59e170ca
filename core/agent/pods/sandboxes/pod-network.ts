import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ipFamilyOf } from '#core/api/ip.ts';
import { messageOf, runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import { attachmentOf, hasPodNetwork } from '#core/agent/pods/runtime/labels.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Sandbox } from '#core/spi/container-runtime.ts';
import { NetworkError, type NetworkResult } from '#core/spi/network-plugin.ts';
import { bandwidthOf } from './bandwidth.ts';

/** One address of each family, the plugin's first one first. Those of interfaces that stayed in the node's namespace are not the pod's. */
export function addressesIn({ ips, interfaces }: NetworkResult): readonly string[] {
  const byFamily = new Map<string, string>();
  for (const { address, interface: index } of ips) {
    if (index !== undefined && interfaces[index] !== undefined && interfaces[index].sandbox === undefined) continue;
    const ip = address.split('/', 1)[0] ?? '';
    const family = ipFamilyOf(ip);
    if (family !== undefined && !byFamily.has(family)) byFamily.set(family, ip);
  }
  return [...byFamily.values()];
}

const checkEveryMs = 60_000;
/** Codes by which a network says that it cannot tell now. */
const passing: ReadonlySet<number> = new Set([11, 50, 51]);

/** Connects sandboxes with the pod network, and disconnects them. */
export class PodNetwork {
  readonly #services: PodServices;
  readonly #busy = new Map<string, Promise<void>>();

  constructor(services: PodServices) {
    this.#services = services;
  }

  /** @throws {Error} while the network takes no pods */
  async checkReady({ spec }: Pod, signal: AbortSignal): Promise<void> {
    const { network, clock } = this.#services;
    if (spec.hostNetwork !== true) await within(clock, runtimeTimeoutMs, 'the network plugin', signal, (inner) => network.status(inner));
  }

  /** @throws {NetworkError} */
  async connect(state: PodState, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    if (!hasPodNetwork(sandbox)) {
      state.addresses.set(sandbox.id, this.#services.node.hostIPs());
      return;
    }
    const attachment = { ...attachmentOf(sandbox), ...bandwidthOf(state.pod) };
    const result = await this.#alone(sandbox.id, (inner) => this.#services.network.add(attachment, inner), signal);
    state.addresses.set(sandbox.id, addressesIn(result));
  }

  /**
   * The addresses of a sandbox that an agent before this one connected: the plugin gives back what is there.
   * When it cannot, those that the status tells count: a pod that runs is not disturbed.
   */
  async adopt(state: PodState, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    // The node's own addresses may change.
    if (state.addresses.has(sandbox.id) && hasPodNetwork(sandbox)) return;
    try {
      await this.connect(state, sandbox, signal);
    } catch (error) {
      signal.throwIfAborted();
      const known = (state.status.podIPs ?? []).map(({ ip }) => ip);
      this.#services.logger.warn('the network plugin does not say which addresses a pod has that runs already', { pod: state.uid, error });
      if (known.length === 0) throw error;
      state.addresses.set(sandbox.id, known);
    }
  }

  /**
   * Looks now and then whether the sandbox still has what `connect` gave it; when somebody took it away it is connected anew, perhaps with other
   * addresses. Resolves to whether it was.
   */
  async repair(state: PodState, sandbox: Sandbox, signal: AbortSignal): Promise<boolean> {
    const { network, clock, recorder } = this.#services;
    if (!hasPodNetwork(sandbox) || clock.now() - (state.networkCheckedAt ?? -Infinity) < checkEveryMs) return false;
    const isFirst = state.networkCheckedAt === undefined;
    state.networkCheckedAt = clock.now();
    if (isFirst) return false;
    try {
      await this.#alone(sandbox.id, (inner) => network.check(attachmentOf(sandbox), inner), signal);
      return false;
    } catch (error) {
      signal.throwIfAborted();
      // Anything else says nothing of the pod.
      if (!(error instanceof NetworkError) || passing.has(error.code)) return false;
      recorder.warning(state.pod, 'SandboxNetworkLost', `the network of the pod is not what it was, and is made again: ${error.message}`);
    }
    await this.#alone(sandbox.id, (inner) => network.del(attachmentOf(sandbox), inner), signal);
    await this.connect(state, sandbox, signal);
    return true;
  }

  /** Resolves when nothing of the sandbox is left in the network. */
  async disconnect(state: PodState, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    if (state.disconnected.has(sandbox.id)) return;
    const { network, recorder } = this.#services;
    if (hasPodNetwork(sandbox)) {
      try {
        await this.#alone(sandbox.id, (inner) => network.del(attachmentOf(sandbox), inner), signal);
      } catch (error) {
        signal.throwIfAborted();
        recorder.warning(state.pod, 'FailedKillPod', `error killing pod: failed to "KillPodSandbox" for "${sandbox.pod.uid}" with KillPodSandboxError: "failed to destroy network for sandbox \\"${sandbox.id}\\": ${messageOf(error)}"`);
        throw error;
      }
    }
    state.disconnected.add(sandbox.id);
  }

  /** No two calls for one sandbox at the same time: one that was given up may still be under way. */
  #alone<T>(id: string, call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return within(this.#services.clock, runtimeTimeoutMs, 'the network plugin', signal, async (inner) => {
      while (this.#busy.has(id)) await this.#busy.get(id);
      inner.throwIfAborted();
      const work = call(inner);
      const over = work.then(() => undefined, () => undefined).then(() => {
        this.#busy.delete(id);
      });
      this.#busy.set(id, over);
      return work;
    });
  }
}
