import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { disruptionTarget, type Disruption } from '#core/controllers/nodes/disruption-target.ts';
import { podsOnNode } from '#core/controllers/nodes/pods-on-node.ts';
import { noExecuteTaints } from '#core/controllers/nodes/taints.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { evictionTime } from './eviction-time.ts';
import { TaintTimes } from './taint-times.ts';

export interface TaintEvictionOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

const disruption: Disruption = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' };
/** The cache shows a taint or a pod that has gone, and says so itself before long. */
const staleMs = 1000;

/** Deletes pods from nodes with NoExecute taints when the time is over for which they tolerate them. Keys are pods. */
export class TaintEvictionController implements Controller {
  readonly name = 'taint-eviction';
  readonly workers = 8;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #times: TaintTimes;
  /** UIDs of pods that have a time, by key. */
  readonly #scheduled = new Map<string, string>();

  constructor({ client, informers, clock, recorder }: TaintEvictionOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#recorder = recorder;
    this.#times = new TaintTimes(clock);
    const nodes = (this.#nodes = informers.for(Node));
    const pods = (this.#pods = informers.for(Pod));
    pods.addIndex(podsOnNode.name, podsOnNode.of);
    this.sources = [
      source(nodes, (node, previous) => this.#noteNode(node, previous)),
      source(pods, (pod, previous) => this.#affected(pod, previous)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const pod = this.#pods.get(key);
    const node = pod && this.#nodes.get(pod.spec.nodeName ?? '');
    if (pod === undefined || node === undefined || isDeleting(pod)) {
      this.#scheduled.delete(key);
      return;
    }
    const due = this.#dueOf(pod, node);
    if (due === undefined) return this.#cancel(key, pod);
    const waitMs = due - this.#clock.now();
    if (waitMs <= 0) return this.#evict(pod, signal);
    this.#scheduled.set(key, pod.metadata.uid);
    return { requeueAfterMs: waitMs };
  }

  #noteNode(node: Node | undefined, previous: Node | undefined): string[] {
    if (node === undefined) {
      if (previous !== undefined) this.#times.forget(previous.metadata.name);
      return [];
    }
    const before = previous === undefined ? [] : noExecuteTaints(previous);
    if (deepEqual(noExecuteTaints(node), before)) return [];
    this.#times.note(node);
    return this.#pods.byIndex(podsOnNode.name, node.metadata.name).map(keyOf);
  }

  /** Pods of nodes without such taints, which is nearly all of them, are none of its business. */
  #affected(pod: Pod | undefined, previous: Pod | undefined): string[] {
    const some = pod ?? previous;
    if (some === undefined) return [];
    if (pod === undefined) return this.#scheduled.has(keyOf(some)) ? [keyOf(some)] : [];
    const node = this.#nodes.get(pod.spec.nodeName ?? '');
    if (node === undefined || noExecuteTaints(node).length === 0) return [];
    const isSame = previous !== undefined && previous.spec.nodeName === pod.spec.nodeName && deepEqual(previous.spec.tolerations, pod.spec.tolerations) && isDeleting(previous) === isDeleting(pod);
    return isSame ? [] : [keyOf(pod)];
  }

  #dueOf(pod: Pod, node: Node): number | undefined {
    return evictionTime(pod, noExecuteTaints(node), (taint) => this.#times.sinceOf(node.metadata.name, taint));
  }

  #cancel(key: string, pod: Pod): void {
    const isScheduled = this.#scheduled.get(key) === pod.metadata.uid;
    this.#scheduled.delete(key);
    if (isScheduled) this.#recorder.normal(pod, 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
  }

  /** What the copies show is the past; a deletion is for ever. */
  async #evict({ metadata, spec: { nodeName = '' } }: Pod, signal: AbortSignal): Promise<ReconcileResult | void> {
    const node = await live(this.#client, Node, { name: nodeName }, signal);
    const pod = await live(this.#client, Pod, metadata, signal);
    if (pod === undefined || pod.metadata.uid !== metadata.uid || isDeleting(pod)) return;
    const due = node && this.#dueOf(pod, node);
    if (due === undefined || due > this.#clock.now()) return { requeueAfterMs: staleMs };
    this.#scheduled.delete(keyOf(pod));
    this.#recorder.normal(pod, 'TaintManagerEviction', `Marking for deletion Pod ${keyOf(pod)}`);
    try {
      await this.#mark(pod, signal);
      await this.#client.delete(Pod, pod.metadata, { preconditions: { uid: pod.metadata.uid } }, signal);
    } catch (error) {
      // Somebody else deleted it.
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }

  async #mark(pod: Pod, signal: AbortSignal): Promise<void> {
    const condition = disruptionTarget(pod, disruption, this.#clock.now());
    if (condition === undefined) return;
    const { uid } = pod.metadata;
    await this.#client.patchStatus(Pod, pod.metadata, { type: 'strategic', document: { metadata: { uid }, status: { conditions: [condition] } } }, {}, signal);
  }
}
