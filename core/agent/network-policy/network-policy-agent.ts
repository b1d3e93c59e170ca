import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { NetworkPolicy } from '#core/api/schema/networking-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { SyncLoop } from '#core/agent/service-proxy/sync-loop.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { NetworkPolicyEnforcer, PodPolicy } from '#core/spi/network-plugin.ts';
import { podPolicies } from './pod-policies.ts';

export interface NetworkPolicyAgentOptions {
  readonly enforcer: NetworkPolicyEnforcer;
  /** NetworkPolicies, Pods and Namespaces of the whole cluster are read; somebody else runs them. */
  readonly informers: Informers;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Keeps what the node enforces true to the cluster's NetworkPolicies. */
export class NetworkPolicyAgent implements Component {
  readonly name = 'network policies';
  readonly #options: NetworkPolicyAgentOptions;
  readonly #policies: Informer<NetworkPolicy>;
  readonly #pods: Informer<Pod>;
  readonly #namespaces: Informer<Namespace>;
  readonly #loop: SyncLoop;
  readonly #stop = new AbortController();
  #enforced: readonly PodPolicy[] | undefined;
  #unsubscribe: readonly (() => void)[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(options: NetworkPolicyAgentOptions) {
    const { informers, clock, logger, random = Math.random } = options;
    this.#options = options;
    this.#policies = informers.for(NetworkPolicy);
    this.#pods = informers.for(Pod);
    this.#namespaces = informers.for(Namespace);
    this.#loop = new SyncLoop({
      clock, random, minIntervalMs: 50, sync: (full, signal) => this.#sync(full, signal), intact: async () => true,
      failed: (error) => logger.warn('network policies could not be enforced; trying again', { error }),
    });
  }

  /** Resolves at once: nothing is enforced before everything has been listed, and what an earlier process enforced stays until then. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const wake = (): void => this.#loop.wake();
    this.#unsubscribe = [
      this.#policies.subscribe(wake), this.#namespaces.subscribe(wake),
      // Of pods only what peers are told by counts; without policies nothing does.
      this.#pods.subscribe((pod, previous) => {
        if (this.#policies.size > 0 && !deepEqual(shape(pod), shape(previous))) wake();
      }),
    ];
    this.#running = this.#run(this.#stop.signal);
  }

  /** What is enforced stays. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('network policies stop'));
    for (const end of this.#unsubscribe) end();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.all([this.#policies, this.#pods, this.#namespaces].map((informer) => informer.whenSynced(signal)));
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    await this.#loop.run(signal);
  }

  async #sync(full: boolean, signal: AbortSignal): Promise<void> {
    const policies = podPolicies({
      policies: [...this.#policies.values()], pods: [...this.#pods.values()], namespaces: [...this.#namespaces.values()], nodeName: this.#options.nodeName,
    });
    if (!full && deepEqual(policies, this.#enforced)) return;
    await this.#options.enforcer.enforce(policies, signal);
    this.#enforced = policies;
  }
}

const shape = (pod: Pod | undefined): unknown => pod && [pod.metadata.labels, pod.spec.nodeName, pod.status.podIPs, pod.status.podIP, pod.status.phase];
