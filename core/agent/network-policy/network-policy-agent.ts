import type { Node } from '#core/api/schema/core-v1/node.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { NetworkPolicy } from '#core/api/schema/networking-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import type { PolicyGate } from '#core/agent/pods/pod-services.ts';
import { mirroredHash } from '#core/agent/pods/sources/pod-annotations.ts';
import { SyncLoop } from '#core/agent/service-proxy/sync-loop.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { AttachedPod, NetworkPolicyEnforcer, PodPolicy } from '#core/spi/network-plugin.ts';
import { podPolicies, selects } from './pod-policies.ts';

export interface NetworkPolicyAgentOptions {
  readonly enforcer: NetworkPolicyEnforcer;
  /** NetworkPolicies, Pods and Namespaces of the whole cluster are read; somebody else runs them. */
  readonly informers: Informers;
  /** This node's object, which is told when policies cannot be enforced; undefined while there is none. */
  readonly node: () => Node | undefined;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random?: () => number;
}

/**
 * Keeps what the node enforces true to the cluster's NetworkPolicies. The addresses of its own pods come from the network plugin, which gave them,
 * not from their status: a pod is ruled before its first packet and until after its last.
 */
export class NetworkPolicyAgent implements Component, PolicyGate {
  readonly name = 'network policies';
  readonly #options: NetworkPolicyAgentOptions;
  readonly #policies: Informer<NetworkPolicy>;
  readonly #pods: Informer<Pod>;
  readonly #namespaces: Informer<Namespace>;
  readonly #loop: SyncLoop;
  readonly #stop = new AbortController();
  /** Pods of this node as they were last heard of, by UID: one may be gone from the API while it still runs. */
  readonly #known = new Map<string, { readonly pod: Pod; readonly since: number }>();
  #syncs = 0;
  /** Resolved by the next sync that has yet to begin. */
  #next = Promise.withResolvers<void>();
  #enforced: readonly PodPolicy[] | undefined;
  /** Why the last sync failed; undefined when it did not. */
  #failure: string | undefined;
  #unsubscribe: readonly (() => void)[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(options: NetworkPolicyAgentOptions) {
    const { informers, clock, random = Math.random } = options;
    this.#options = options;
    this.#policies = informers.for(NetworkPolicy);
    this.#pods = informers.for(Pod);
    this.#namespaces = informers.for(Namespace);
    this.#loop = new SyncLoop({
      clock, random, minIntervalMs: 50, sync: (full, signal) => this.#sync(full, signal), intact: async () => true,
      failed: (error) => this.#failed(error),
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

  changed(pod: Pod): void {
    this.#known.set(pod.metadata.uid, { pod, since: this.#syncs });
    if (this.#policies.size > 0 || this.#enforced === undefined || this.#enforced.length > 0) this.#loop.wake();
  }

  async enforced(pod: Pod, signal: AbortSignal): Promise<void> {
    await Promise.all([this.#policies, this.#pods, this.#namespaces].map((informer) => informer.whenSynced(signal)));
    if (!this.#concerns(pod)) return;
    const { promise } = this.#next;
    this.#loop.wake();
    await promise;
  }

  /** Before the first sync nobody knows what an earlier process left for the pod's address. */
  #concerns(pod: Pod): boolean {
    if (this.#enforced === undefined || this.#enforced.some(({ podUid }) => podUid === pod.metadata.uid)) return true;
    // Its labels may have changed since the caller read it.
    const newest = this.#pods.get(`${pod.metadata.namespace ?? ''}/${pod.metadata.name}`);
    return [...this.#policies.values()].some((policy) => selects(policy, pod) || newest !== undefined && selects(policy, newest));
  }

  async #sync(full: boolean, signal: AbortSignal): Promise<void> {
    const waiting = this.#next;
    this.#next = Promise.withResolvers();
    try {
      await this.#enforce(full, signal);
    } catch (error) {
      // Who waits for this one waits for the next.
      void this.#next.promise.then(waiting.resolve);
      throw error;
    }
    waiting.resolve();
  }

  async #enforce(full: boolean, signal: AbortSignal): Promise<void> {
    const turn = ++this.#syncs;
    const attached = await this.#options.enforcer.attachedPods(signal);
    const pods = [...this.#pods.values()];
    this.#learn(attached, pods, turn);
    const policies = podPolicies({
      policies: [...this.#policies.values()], pods, namespaces: [...this.#namespaces.values()], attached, objectOf: ({ uid }) => this.#known.get(uid)?.pod,
    });
    if (!full && deepEqual(policies, this.#enforced)) return;
    await this.#options.enforcer.enforce(policies, signal);
    this.#enforced = policies;
    if (this.#failure !== undefined) this.#tell('normal', 'NetworkPolicyRecovered', 'network policies are enforced again');
    this.#failure = undefined;
  }

  #failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#options.logger.warn('network policies could not be enforced; trying again', { error });
    if (this.#failure !== message) this.#tell('warning', 'NetworkPolicyFailed', `network policies are out of date: ${message}`);
    this.#failure = message;
  }

  #tell(kind: 'normal' | 'warning', reason: string, message: string): void {
    const node = this.#options.node();
    if (node !== undefined) this.#options.events[kind](node, reason, message);
  }

  #learn(attached: readonly AttachedPod[], pods: readonly Pod[], turn: number): void {
    const byUid = new Map(pods.map((pod) => [pod.metadata.uid, pod]));
    for (const { pod: { uid, namespace, name } } of attached) {
      const pod = byUid.get(uid) ?? this.#mirrorOf(namespace, name);
      if (pod !== undefined) this.#known.set(uid, { pod, since: turn });
    }
    const uids = new Set(attached.map(({ pod }) => pod.uid));
    // One that came while the list was read may be missing in it.
    for (const [uid, { since }] of this.#known) if (since < turn && !uids.has(uid)) this.#known.delete(uid);
  }

  /** What the API has of a pod of the node's own files has another UID. */
  #mirrorOf(namespace: string, name: string): Pod | undefined {
    const pod = this.#pods.get(`${namespace}/${name}`);
    return pod !== undefined && mirroredHash(pod) !== undefined ? pod : undefined;
  }
}

const shape = (pod: Pod | undefined): unknown => pod && [pod.metadata.labels, pod.spec.nodeName, pod.status.podIPs, pod.status.podIP, pod.status.phase];
