import { Node } from '#core/api/schema/core-v1/node.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { InstanceMetadata, Instances } from '#core/spi/instances.ts';
import type { Answer, InstanceDirectory } from './instance-directory.ts';
import { alignedLabels, labelsOf } from './node-labels.ts';
import { ProvidedIpError, wantedAddresses } from './node-addresses.ts';
import { isUninitialized, providerLabel, uninitializedTaint } from './ownership.ts';

export interface CloudNodeOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly directory: InstanceDirectory;
  /** How often the addresses of nodes are compared with those of their instances, in milliseconds; five minutes by default. */
  readonly refreshMs?: number;
}

/** How soon the platform is asked again for an instance that it does not know (yet): soon for a new node, slowly for an old one. */
const retryMs = { young: 5_000, old: 60_000 } as const;
const youngMs = 2 * 60_000;
/** For so long an answer is used again, when the write after it was refused. */
const freshMs = 30_000;

const refreshKey = 'refresh:';

/**
 * Initializes nodes that carry the taint `node.cloudprovider.kubernetes.io/uninitialized`: provider id, addresses, labels; the taint goes last. Afterwards it keeps
 * their addresses as those of their instances. Keys are nodes, and `refresh:` with a provider: all that is due is asked in the same calls.
 * Whose a node is, `Ownership` says; nodes of others are left alone.
 */
export class CloudNodeController implements Controller {
  readonly name = 'cloud-node';
  /** Each that waits for an answer has others join its call. */
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #directory: InstanceDirectory;
  readonly #refreshMs: number;
  readonly #nodes: Informer<Node>;
  readonly #written: OwnWrites<Node>;
  /** When each node was last compared with its instance, by UID. */
  readonly #compared = new Map<string, number>();
  readonly #answers = new Map<string, { readonly answer: Answer; readonly until: number }>();

  constructor({ client, informers, clock, recorder, directory, refreshMs = 5 * 60_000 }: CloudNodeOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#events = new Announcer(recorder, clock);
    this.#directory = directory;
    const isIdle = directory.instances.length === 0;
    this.workers = isIdle ? 1 : 256;
    this.#refreshMs = refreshMs;
    this.#nodes = informers.for(Node);
    this.#written = new OwnWrites(this.#nodes);
    this.sources = isIdle ? [] : [source(this.#nodes, (node, previous) => this.#keys(node, previous))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (key.startsWith(refreshKey)) return this.#refresh(key.slice(refreshKey.length), signal);
    const cached = this.#nodes.get(key);
    const node = cached && this.#written.newest(cached);
    if (node === undefined) return;
    if (isUninitialized(node)) return this.#initialize(node, signal);
    const labels = this.#directory.ownership.byId(node) && alignedLabels(node);
    if (labels !== undefined) this.#written.note(await this.#client.patch(Node, node.metadata, metadataPatch(node, { labels }), {}, signal));
  }

  #keys(node: Node | undefined, previous: Node | undefined): readonly string[] {
    if (node === undefined) {
      if (previous !== undefined) this.#forget(previous);
      return [];
    }
    const { name } = node.metadata;
    if (isUninitialized(node)) return previous !== undefined && isSameNode(node, previous) ? [] : [name];
    const owner = this.#directory.ownership.byId(node);
    if (owner === undefined) return [];
    const isNew = previous === undefined || isUninitialized(previous) || node.spec.providerID !== previous.spec.providerID;
    return [...(alignedLabels(node) === undefined ? [] : [name]), ...(isNew ? [refreshKey + owner.provider] : [])];
  }

  #forget({ metadata: { uid } }: Node): void {
    this.#compared.delete(uid);
    this.#answers.delete(uid);
  }

  async #initialize(seen: Node, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { ownership, instances } = this.#directory;
    const { name, uid } = seen.metadata;
    const owner = ownership.of(seen);
    if (owner === undefined) {
      const names = instances.map(({ provider }) => provider).join(', ');
      if (ownership.isUnclear(seen)) this.#events.warning(seen, 'ProviderUnclear', `Nothing says which provider's node ${name} is: name one of ${names} in the value of its taint ${uninitializedTaint}, or in its label ${providerLabel}`);
      return;
    }
    const answer = this.#remembered(uid) ?? (await this.#directory.ask(owner, seen, signal));
    const cached = this.#nodes.get(name);
    const node = cached && this.#written.newest(cached);
    // It may be another one of this name by now.
    if (node?.metadata.uid !== uid || !isUninitialized(node)) return;
    if (answer.state === 'unknown' || answer.state === 'gone') return this.#postpone(node, owner, answer);
    this.#answers.set(uid, { answer, until: this.#clock.now() + freshMs });
    return this.#complete(node, answer.metadata, signal);
  }

  #remembered(uid: string): Answer | undefined {
    const known = this.#answers.get(uid);
    return known !== undefined && known.until > this.#clock.now() ? known.answer : undefined;
  }

  #postpone(node: Node, { provider }: Instances, answer: Answer): ReconcileResult {
    const { name, creationTimestamp } = node.metadata;
    const age = this.#clock.now() - Date.parse(creationTimestamp);
    const waitMs = age < youngMs ? retryMs.young : retryMs.old;
    const why = answer.state === 'unknown' ? answer.reason : `the provider ${provider} has no instance for it`;
    // Instances often show a moment after their nodes.
    if (answer.state === 'unknown' || age >= youngMs) this.#events.warning(node, 'InstanceNotFound', `Node ${name} cannot be initialized: ${why}`);
    return { requeueAfterMs: Math.max(waitMs, answer.retryAfterMs ?? 0) };
  }

  /** Addresses first: who sees the node without the taint finds everything. */
  async #complete(seen: Node, metadata: InstanceMetadata, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { uid } = seen.metadata;
    try {
      const node = await this.#showAddresses(seen, metadata, signal);
      const taints = (node.spec.taints ?? []).filter(({ key }) => key !== uninitializedTaint);
      const spec = { taints, ...((node.spec.providerID ?? '') === '' ? { providerID: metadata.providerId } : {}) };
      const done = this.#written.note(await this.#client.patch(Node, node.metadata, metadataPatch(node, { labels: labelsOf(node, metadata) }, { spec }), {}, signal));
      this.#answers.delete(uid);
      this.#compared.set(uid, this.#clock.now());
      this.#events.normal(done, 'Synced', 'Node synced successfully');
    } catch (error) {
      if (!(error instanceof ProvidedIpError)) throw error;
      this.#refuseAddress(seen, error);
      return { requeueAfterMs: retryMs.old };
    }
  }

  async #showAddresses(node: Node, metadata: InstanceMetadata, signal: AbortSignal): Promise<Node> {
    const addresses = wantedAddresses(node, metadata);
    if (addresses === undefined || deepEqual(addresses, node.status.addresses ?? [])) return node;
    const document = { metadata: { uid: node.metadata.uid }, status: { addresses } };
    return this.#written.note(await this.#client.patchStatus(Node, node.metadata, { type: 'merge', document }, {}, signal));
  }

  /** Nodes that are due soon go along with those that are due now. */
  async #refresh(provider: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const instances = this.#directory.instances.find((one) => one.provider === provider);
    const nodes = [...this.#nodes.values()].filter((node) => !isUninitialized(node) && this.#directory.ownership.byId(node) === instances);
    if (instances === undefined || nodes.length === 0) return;
    const now = this.#clock.now();
    const ageOf = ({ metadata: { uid } }: Node): number => now - (this.#compared.get(uid) ?? Number.NEGATIVE_INFINITY);
    const oldest = Math.max(...nodes.map(ageOf));
    if (oldest < this.#refreshMs) return { requeueAfterMs: this.#refreshMs - oldest };
    const due = nodes.filter((node) => ageOf(node) >= this.#refreshMs / 2);
    const results = await Promise.allSettled(due.map((node) => this.#compare(instances, node, signal)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { requeueAfterMs: Math.max(0, ...results.map((result) => (result.status === 'fulfilled' ? result.value : 0))) };
  }

  /** Resolves to the milliseconds after which it is worth asking again. */
  async #compare(instances: Instances, seen: Node, signal: AbortSignal): Promise<number> {
    const answer = await this.#directory.ask(instances, seen, signal);
    if (answer.state === 'unknown') return Math.max(retryMs.old, answer.retryAfterMs ?? 0);
    const { name, uid } = seen.metadata;
    const node = this.#nodes.get(name);
    if (answer.state !== 'gone' && node?.metadata.uid === uid) await this.#keepAddresses(this.#written.newest(node), answer.metadata, signal);
    this.#compared.set(uid, this.#clock.now());
    return 0;
  }

  async #keepAddresses(node: Node, metadata: InstanceMetadata, signal: AbortSignal): Promise<void> {
    try {
      await this.#showAddresses(node, metadata, signal);
    } catch (error) {
      if (error instanceof ProvidedIpError) this.#refuseAddress(node, error);
      else if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }

  #refuseAddress(node: Node, { message }: ProvidedIpError): void {
    this.#events.warning(node, 'InvalidProvidedNodeIP', `provided node ip for node "${node.metadata.name}" is not valid: ${message}`);
  }
}

/** To an initialization that waits. */
const isSameNode = (a: Node, b: Node): boolean =>
  a.spec.providerID === b.spec.providerID && deepEqual(a.spec.taints, b.spec.taints) && deepEqual(a.metadata.labels, b.metadata.labels) && deepEqual(a.metadata.annotations, b.metadata.annotations);
