import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { isNodeReady, isPodReady, readyOf } from '#core/controllers/nodes/conditions.ts';
import { podsOnNode } from '#core/controllers/nodes/pods-on-node.ts';
import { live } from '#core/controllers/storage/live.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { defaultRates, type EvictionRates } from './disruption.ts';
import { Evictions } from './evictions.ts';
import { Heartbeats, leaseNamespace } from './heartbeats.ts';
import { NodeWriter } from './node-writer.ts';
import { PodMarker } from './pod-marker.ts';
import { silentConditions } from './silence.ts';
import { wantedTaints } from './wanted-taints.ts';

export interface NodeLifecycleOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** Milliseconds without a sign of life after which a node's state is unknown; 50,000 by default. */
  readonly graceMs?: number;
  /** The same for nodes that have never reported; 60,000 by default. */
  readonly startupGraceMs?: number;
  readonly rates?: Partial<EvictionRates>;
}

/** What this process remembers of a node. */
interface Known {
  readonly uid: string;
  /** Status of its Ready condition when it was last looked at. */
  ready: string | undefined;
  /** Its pods have yet to be told that it is not ready. */
  marks: boolean;
}

const zonesKey = 'zones';
const nodeKey = (name: string): string => `node:${name}`;
const podKey = (pod: Pod): string => `pod:${keyOf(pod)}`;

/**
 * Says of nodes that have fallen silent that nobody knows how they are, holds taints by their conditions, and tells pods of nodes that are not ready.
 *
 * A node is looked at when something of it changes and when its time is over, not at each of its heartbeats. Before it is given up,
 * its lease is read from the API: the copy may be what is late. Keys are nodes, pods, and all zones together.
 */
export class NodeLifecycleController implements Controller {
  readonly name = 'node-lifecycle';
  readonly workers = 8;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #graceMs: number;
  readonly #startupGraceMs: number;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #heartbeats: Heartbeats;
  readonly #writer: NodeWriter;
  readonly #evictions: Evictions;
  readonly #marker: PodMarker;
  readonly #known = new Map<string, Known>();
  readonly #since: number;

  constructor({ client, informers, clock, recorder, graceMs = 50_000, startupGraceMs = 60_000, rates = {} }: NodeLifecycleOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#recorder = recorder;
    this.#graceMs = graceMs;
    this.#startupGraceMs = startupGraceMs;
    this.#since = clock.now();
    const nodes = (this.#nodes = informers.for(Node));
    const pods = (this.#pods = informers.for(Pod));
    const heartbeats = (this.#heartbeats = new Heartbeats(clock));
    const writer = (this.#writer = new NodeWriter(client, nodes));
    this.#evictions = new Evictions({ nodes, writer, heartbeats, clock, rates: { ...defaultRates, ...rates } });
    this.#marker = new PodMarker({ client, clock, recorder });
    pods.addIndex(podsOnNode.name, podsOnNode.of);
    this.sources = [
      source(informers.for(Lease), (lease, previous) => this.#noteLease(lease, previous)),
      source(nodes, (node, previous) => this.#noteNode(node, previous)),
      source(pods, (pod, previous) => (pod !== undefined && this.#isLate(pod, previous) ? [podKey(pod)] : [])),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (key === zonesKey) return this.#evictions.step(signal);
    const name = key.slice(key.indexOf(':') + 1);
    if (key.startsWith('node:')) return this.#lookAt(name, signal);
    const pod = this.#pods.get(name);
    if (pod !== undefined && this.#isOnUnready(pod)) await this.#marker.mark(pod, signal);
  }

  #noteLease(lease: Lease | undefined, previous: Lease | undefined): [] {
    if (lease !== undefined) this.#heartbeats.noteLease(lease);
    else if (previous !== undefined) this.#heartbeats.forgetLease(previous);
    return [];
  }

  #noteNode(node: Node | undefined, previous: Node | undefined): string[] {
    const { name } = (node ?? previous)?.metadata ?? { name: '' };
    if (node === undefined) this.#heartbeats.forgetNode(name);
    else this.#heartbeats.noteNode(node);
    const zones = this.#evictions.note(node, previous) ? [zonesKey] : [];
    return node !== undefined && previous !== undefined && isSame(node, previous) ? zones : [...zones, nodeKey(name)];
  }

  /** It came to a node that is not ready already. */
  #isLate(pod: Pod, previous: Pod | undefined): boolean {
    return pod.spec.nodeName !== previous?.spec.nodeName && isPodReady(pod) && this.#isOnUnready(pod);
  }

  #isOnUnready({ spec: { nodeName = '' } }: Pod): boolean {
    const node = this.#nodes.get(nodeName);
    return node !== undefined && readyOf(node) !== undefined && !isNodeReady(node);
  }

  async #lookAt(name: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#nodes.get(name);
    const known = this.#known.get(name);
    if (known !== undefined && known.uid !== cached?.metadata.uid) this.#forget(name, known);
    if (cached === undefined) return;
    const node = this.#writer.newest(cached);
    const own = this.#remember(node);
    const { node: checked, waitMs } = await this.#checkLife(node, signal);
    this.#noteTurn(checked, own);
    const taints = wantedTaints(checked, this.#clock.now());
    if (taints !== undefined) await this.#writer.setTaints(checked, taints, signal);
    if (own.marks) await this.#marker.markAll(this.#pods.byIndex(podsOnNode.name, name), signal);
    own.marks = false;
    if (waitMs !== undefined) return { requeueAfterMs: waitMs };
  }

  /** Milliseconds after which to look again; undefined when there is nothing to find out by waiting. */
  async #checkLife(node: Node, signal: AbortSignal): Promise<{ readonly node: Node; readonly waitMs?: number }> {
    const { name } = node.metadata;
    const graceMs = readyOf(node) === undefined ? this.#startupGraceMs : this.#graceMs;
    const waitMs = this.#heartbeats.lastOf(name) + graceMs - this.#clock.now();
    if (waitMs > 0) return { node, waitMs };
    const conditions = silentConditions(node, this.#clock.now());
    if (conditions.length === 0) return { node };
    const lease = await live(this.#client, Lease, { namespace: leaseNamespace, name }, signal);
    if (lease !== undefined && this.#heartbeats.noteLease(lease)) return { node, waitMs: graceMs };
    return { node: await this.#writer.setConditions(node, conditions, signal) };
  }

  #remember(node: Node): Known {
    const { name, uid, creationTimestamp } = node.metadata;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const ready = readyOf(node)?.status;
    // Whether a process before this one came to the end of it, nobody knows. Of one that says itself that it is not ready, the agent does.
    const fresh: Known = { uid, ready, marks: ready === 'Unknown' };
    this.#known.set(name, fresh);
    // Those that were there before have been welcomed by the process before.
    if (Date.parse(creationTimestamp) >= Math.floor(this.#since / 1000) * 1000) this.#recorder.normal(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
    return fresh;
  }

  #forget(name: string, { uid }: Known): void {
    this.#known.delete(name);
    const gone: KubernetesObject = { apiVersion: apiVersionOf(Node), kind: Node.kind, metadata: { name, uid, resourceVersion: '', creationTimestamp: '' } };
    this.#recorder.normal(gone, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
  }

  #noteTurn(node: Node, known: Known): void {
    const ready = readyOf(node)?.status;
    if (ready === 'True') known.marks = false;
    else if (known.ready === 'True' && ready !== undefined) {
      known.marks = true;
      this.#recorder.normal(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
    }
    known.ready = ready;
  }
}

/** But for how recently it said so. */
const isSame = (a: Node, b: Node): boolean =>
  a.spec.unschedulable === b.spec.unschedulable && deepEqual(a.spec.taints ?? [], b.spec.taints ?? []) && deepEqual(statesOf(a), statesOf(b));

const statesOf = ({ status }: Node): readonly (readonly [string, string])[] => (status.conditions ?? []).map(({ type, status: state }) => [type, state]);
