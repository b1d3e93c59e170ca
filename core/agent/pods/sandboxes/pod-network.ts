import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ipFamilyOf } from '#core/api/ip.ts';
import { messageOf, runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import { attachmentOf, hasPodNetwork } from '#core/agent/pods/runtime/labels.ts';
import type { Snapshot } from '#core/agent/pods/runtime/snapshot.ts';
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
const policiesTimeoutMs = 10_000;
/** Codes by which a network says that it cannot tell now. */
const passing: ReadonlySet<number> = new Set([11, 50, 51]);
const isPassing = (error: unknown): boolean => error instanceof NetworkError && passing.has(error.code);

/** Connects sandboxes with the pod network, and disconnects them. */
export class PodNetwork {
  readonly #services: PodServices;
  readonly #busy = new Map<string, Promise<void>>();
  /** While it is there nothing else is done with the network. */
  #cleaning: Promise<void> | undefined;

  constructor(services: PodServices) {
    this.#services = services;
  }

  /**
   * Has the network give back what belongs to no sandbox: it does this alone. What fails is told, and left.
   * @param present what the runtime has
   * @returns false when it cannot be done now, for the network is not set up yet or is at work
   */
  async clean(present: () => Promise<Snapshot>, signal: AbortSignal): Promise<boolean> {
    if (this.#busy.size > 0) return false;
    const over = Promise.withResolvers<void>();
    this.#cleaning = over.promise;
    try {
      const attachments = [...(await present()).values()].flatMap(({ sandboxes }) => sandboxes.map(attachmentOf));
      const { network, clock } = this.#services;
      const valid = attachments.map(({ containerId, ifName }) => ({ containerId, ifName }));
      return await within(clock, runtimeTimeoutMs, 'the network plugin', signal, (inner) => network.gc(valid, inner)).then(() => true, (error: unknown) => this.#isLeft(error, signal));
    } finally {
      this.#cleaning = undefined;
      over.resolve();
    }
  }

  #isLeft(error: unknown, signal: AbortSignal): boolean {
    signal.throwIfAborted();
    const isEarly = isPassing(error);
    this.#services.logger[isEarly ? 'debug' : 'warn'](isEarly ? 'the network cannot be cleaned up yet' : 'the network could not be cleaned up', { error });
    return !isEarly;
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
    state.connected.set(sandbox.id, sandbox);
    const result = await this.#alone(sandbox.id, (inner) => this.#services.network.add(attachment, inner), signal);
    state.addresses.set(sandbox.id, addressesIn(result));
    this.#services.policies?.changed(state.pod);
  }

  /**
   * Waits, not for ever, until the policies that select the pod hold: before its first container, so that not even its first packet escapes them.
   * @throws {ProviderError} Unavailable, when that takes too long
   */
  async checkPolicies(state: PodState, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { policies, clock, recorder } = this.#services;
    if (policies === undefined || !hasPodNetwork(sandbox)) return;
    try {
      await within(clock, policiesTimeoutMs, 'the network policies', signal, (inner) => policies.enforced(state.pod, inner));
    } catch (error) {
      signal.throwIfAborted();
      recorder.warning(state.pod, 'NetworkPolicyNotReady', `containers are not started before the network policies that select the pod hold, and they do not yet: ${messageOf(error)}`);
      throw error;
    }
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
      this.#services.logger[isPassing(error) ? 'debug' : 'warn']('the network plugin does not say which addresses a pod has that runs already', { pod: state.uid, error });
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
      if (!(error instanceof NetworkError) || isPassing(error)) return false;
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
    state.connected.delete(sandbox.id);
    state.disconnected.add(sandbox.id);
    this.#services.policies?.changed(state.pod);
  }

  /** No two calls for one sandbox at the same time: one that was given up may still be under way. */
  #alone<T>(id: string, call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return within(this.#services.clock, runtimeTimeoutMs, 'the network plugin', signal, async (inner) => {
      while (this.#cleaning !== undefined || this.#busy.has(id)) await (this.#cleaning ?? this.#busy.get(id));
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
