import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { Disruption } from '#core/controllers/nodes/disruption-target.ts';
import { podsOnNode } from '#core/controllers/nodes/pods-on-node.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { isOutOfService, isUnscheduledTerminating, surplus, terminatedPods } from './candidates.ts';
import { forceDelete, forceDeleteAll } from './force-delete.ts';

export interface PodGarbageCollectionOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  /** Ended pods that are kept; 12,500 by default, all when 0. */
  readonly terminatedPodThreshold?: number;
  /** Milliseconds for which a node that pods name may be missing; 40,000 by default. */
  readonly quarantineMs?: number;
}

const orphaned: Disruption = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };
const surplusKey = 'terminated';
const nodeKey = (name: string): string => `node:${name}`;
const podKey = (pod: Pod): string => `pod:${keyOf(pod)}`;
/** Ended pods are counted at most this often. */
const countEveryMs = 20_000;
/** The cache does not show yet what the API does. */
const staleMs = 1000;

/**
 * Deletes pods that no agent will delete: those of nodes that are gone or out of service, those that end before they had a node, and
 * those that ended long ago when there are too many. Keys are nodes that are missing, pods, and all ended pods together.
 */
export class PodGarbageCollectionController implements Controller {
  readonly name = 'pod-garbage-collection';
  readonly workers = 4;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #threshold: number;
  readonly #quarantineMs: number;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** Since when a node has been seen to be missing. */
  readonly #missing = new Map<string, number>();
  #terminated = 0;
  #nextCount = 0;

  constructor({ client, informers, clock, terminatedPodThreshold = 12_500, quarantineMs = 40_000 }: PodGarbageCollectionOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#threshold = terminatedPodThreshold;
    this.#quarantineMs = quarantineMs;
    const nodes = (this.#nodes = informers.for(Node));
    const pods = (this.#pods = informers.for(Pod));
    pods.addIndex(podsOnNode.name, podsOnNode.of);
    pods.addIndex(terminatedPods.name, terminatedPods.of);
    this.sources = [
      source(nodes, (node, previous) => this.#ofNode(node, previous)),
      source(pods, (pod, previous) => this.#ofPod(pod, previous)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (key === surplusKey) return this.#clearSurplus(signal);
    const name = key.slice(key.indexOf(':') + 1);
    return key.startsWith('node:') ? this.#clearNode(name, signal) : this.#clearPod(name, signal);
  }

  #ofNode(node: Node | undefined, previous: Node | undefined): string[] {
    const name = (node ?? previous)?.metadata.name ?? '';
    if (node === undefined) return [nodeKey(name)];
    this.#missing.delete(name);
    if (!isOutOfService(node) || (previous !== undefined && isOutOfService(previous))) return [];
    return this.#pods.byIndex(podsOnNode.name, name).filter(isDeleting).map(podKey);
  }

  #ofPod(pod: Pod | undefined, previous: Pod | undefined): string[] {
    const ended = pod !== undefined && isTerminated(pod);
    this.#terminated += Number(ended) - Number(previous !== undefined && isTerminated(previous));
    const keys = ended && this.#threshold > 0 && this.#terminated > this.#threshold ? [surplusKey] : [];
    if (pod !== undefined && this.#isOrphan(pod, previous)) keys.push(nodeKey(pod.spec.nodeName ?? ''));
    if (pod !== undefined && this.#isStuck(pod, previous)) keys.push(podKey(pod));
    return keys;
  }

  #isOrphan({ spec: { nodeName = '' } }: Pod, previous: Pod | undefined): boolean {
    return nodeName !== '' && nodeName !== previous?.spec.nodeName && this.#nodes.get(nodeName) === undefined;
  }

  /** It has begun to end, and nobody will end it. */
  #isStuck(pod: Pod, previous: Pod | undefined): boolean {
    if (!isDeleting(pod) || (previous !== undefined && isDeleting(previous))) return false;
    return isUnscheduledTerminating(pod) || this.#isOutOfService(pod.spec.nodeName ?? '');
  }

  #isOutOfService(name: string): boolean {
    const node = this.#nodes.get(name);
    return node !== undefined && isOutOfService(node);
  }

  async #clearNode(name: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const pods = this.#pods.byIndex(podsOnNode.name, name);
    if (pods.length === 0 || this.#nodes.get(name) !== undefined) {
      this.#missing.delete(name);
      return;
    }
    const now = this.#clock.now();
    const since = this.#missing.get(name) ?? now;
    this.#missing.set(name, since);
    const waitMs = since + this.#quarantineMs - now;
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    if ((await live(this.#client, Node, { name }, signal)) !== undefined) return { requeueAfterMs: staleMs };
    await forceDeleteAll(this.#client, pods, { now, disruption: orphaned }, signal);
    this.#missing.delete(name);
  }

  async #clearPod(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    if (!isUnscheduledTerminating(pod)) {
      const { nodeName: name = '' } = pod.spec;
      if (!isDeleting(pod) || !this.#isOutOfService(name)) return;
      // Were it not so any more, its containers might run, and write, beside those of the pod that takes its place.
      const node = await live(this.#client, Node, { name }, signal);
      if (node === undefined || !isOutOfService(node)) return { requeueAfterMs: staleMs };
    }
    await forceDelete(this.#client, pod, { now: this.#clock.now() }, signal);
  }

  async #clearSurplus(signal: AbortSignal): Promise<ReconcileResult | void> {
    const waitMs = this.#nextCount - this.#clock.now();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    this.#nextCount = this.#clock.now() + countEveryMs;
    await forceDeleteAll(this.#client, surplus(this.#pods.byIndex(terminatedPods.name, terminatedPods.all), this.#threshold), { now: this.#clock.now() }, signal);
  }
}
