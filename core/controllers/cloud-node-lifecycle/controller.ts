import { Node, type Taint } from '#core/api/schema/core-v1/node.ts';
import { deepEqual } from '#core/api/value.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { InstanceDirectory } from '#core/controllers/cloud-node/instance-directory.ts';
import { isNodeReady, readyOf } from '#core/controllers/nodes/conditions.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface CloudNodeLifecycleOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly directory: InstanceDirectory;
}

export const shutdownTaint = 'node.cloudprovider.kubernetes.io/shutdown';
/** Nodes with it are left alone, whatever its value. */
export const excludeLabel = 'node.kubernetes.io/exclude-from-lifecycle-management';

/** A node is deleted when its instance is gone twice, so far apart: one answer may come from a part of the platform that lags. */
const confirmMs = 10_000;
/** Before that nothing is asked about a node: it is on its way up, and platforms tell of new instances late. */
const youngMs = 2 * 60_000;
/** All wait for multiples of it, and ask in the same calls. */
const beatMs = 10_000;
const slowestMs = 5 * 60_000;

/**
 * Nodes that are not ready, and whose instances are stopped, get the taint `node.cloudprovider.kubernetes.io/shutdown` until they are ready again; those whose
 * instances are gone are deleted. Only nodes with a provider id of a provider that is here are looked at; ready ones cost no call. What the platform does not say for certain
 * changes nothing. One that stays as it is is asked for ever more rarely, down to every five minutes. Keys are nodes.
 */
export class CloudNodeLifecycleController implements Controller {
  readonly name = 'cloud-node-lifecycle';
  /** Each that waits for an answer has others join its call. */
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #directory: InstanceDirectory;
  readonly #nodes: Informer<Node>;
  readonly #written: OwnWrites<Node>;
  /** When an instance was first found gone, by its node's UID. */
  readonly #gone = new Map<string, number>();

  constructor({ client, informers, clock, recorder, directory }: CloudNodeLifecycleOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#events = new Announcer(recorder, clock);
    this.#directory = directory;
    const isIdle = directory.instances.length === 0;
    this.workers = isIdle ? 1 : 256;
    this.#nodes = informers.for(Node);
    this.#written = new OwnWrites(this.#nodes);
    this.sources = isIdle ? [] : [source(this.#nodes, (node, previous) => this.#keys(node, previous))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#nodes.get(key);
    const node = cached && this.#written.newest(cached);
    const owner = node && this.#directory.ownership.byId(node);
    if (node === undefined || owner === undefined || isExcluded(node) || isDeleting(node)) return;
    if (isNodeReady(node)) return this.#setTaint(node, false, signal);
    const { uid, creationTimestamp } = node.metadata;
    const youthMs = Date.parse(creationTimestamp) + youngMs - this.#clock.now();
    if (youthMs > 0) return { requeueAfterMs: this.#nextBeat(youthMs) };
    const answer = await this.#directory.ask(owner, node, signal);
    if (answer.state === 'gone') return this.#bury(node, signal);
    // Not to know is no sign of life, but the second look begins anew.
    this.#gone.delete(uid);
    if (answer.state === 'shut-down') await this.#setTaint(node, true, signal);
    return { requeueAfterMs: this.#nextBeat(Math.max(this.#patienceOf(node), answer.retryAfterMs ?? 0)) };
  }

  #keys(node: Node | undefined, previous: Node | undefined): readonly string[] {
    if (node === undefined) {
      this.#gone.delete(previous?.metadata.uid ?? '');
      return [];
    }
    if (isNodeReady(node)) this.#gone.delete(node.metadata.uid);
    const concerns = this.#directory.ownership.byId(node) !== undefined && (!isNodeReady(node) || hasTaint(node));
    return concerns && (previous === undefined || !isSameNode(node, previous)) ? [node.metadata.name] : [];
  }

  async #bury(seen: Node, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { name, uid } = seen.metadata;
    const now = this.#clock.now();
    const since = this.#gone.get(uid) ?? now;
    this.#gone.set(uid, since);
    if (now - since < confirmMs) return { requeueAfterMs: since + confirmMs - now };
    const node = await live(this.#client, Node, { name }, signal);
    if (node === undefined || !isSameNode(node, seen) || node.metadata.uid !== uid || isDeleting(node)) return;
    this.#events.normal(node, 'DeletingNode', `Deleting node ${name} because it does not exist in the cloud provider`);
    try {
      // Whoever reported in between lives.
      await this.#client.delete(Node, { name }, { preconditions: { uid, resourceVersion: node.metadata.resourceVersion } }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (StatusError.is(error, 'NotFound')) return;
      if (!StatusError.is(error, 'Conflict')) this.#events.warning(node, 'DeletingNodeFailed', `Failed deleting node ${name}: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  async #setTaint(node: Node, isWanted: boolean, signal: AbortSignal): Promise<void> {
    if (hasTaint(node) === isWanted) return;
    const others = (node.spec.taints ?? []).filter(({ key }) => key !== shutdownTaint);
    const taints: readonly Taint[] = isWanted ? [...others, { key: shutdownTaint, effect: 'NoSchedule', timeAdded: rfc3339(this.#clock.now()) }] : others;
    this.#written.note(await this.#client.patch(Node, node.metadata, metadataPatch(node, {}, { spec: { taints } }), {}, signal));
  }

  /** A quarter of the time for which the node has not been ready. */
  #patienceOf(node: Node): number {
    const since = Date.parse(readyOf(node)?.lastTransitionTime ?? node.metadata.creationTimestamp);
    return Math.min(slowestMs, Math.max(beatMs, (this.#clock.now() - since) / 4));
  }

  #nextBeat(ms: number): number {
    const now = this.#clock.now();
    return Math.ceil((now + ms) / beatMs) * beatMs - now;
  }
}

const hasTaint = ({ spec: { taints = [] } }: Node): boolean => taints.some(({ key }) => key === shutdownTaint);
const isExcluded = ({ metadata: { labels = {} } }: Node): boolean => Object.hasOwn(labels, excludeLabel);

/** But for how recently it said so. */
const isSameNode = (a: Node, b: Node): boolean =>
  readyOf(a)?.status === readyOf(b)?.status && a.spec.providerID === b.spec.providerID && isExcluded(a) === isExcluded(b) && deepEqual(a.spec.taints, b.spec.taints);
