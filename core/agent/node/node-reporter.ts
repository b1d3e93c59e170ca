import { Node } from '#core/api/schema/core-v1/node.ts';
import type { NodeCondition, NodeStatus } from '#core/api/schema/core-v1/node.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from '#core/reconcile/back-off.ts';
import { conditionsOf, turnsOf } from './conditions.ts';
import { within } from './deadline.ts';
import type { NodeObserver, Observed } from './observed.ts';
import { register } from './registration.ts';
import type { NodeSettings } from './settings.ts';
import { Wakeable } from './wakeable.ts';

export interface NodeReporterOptions {
  readonly settings: NodeSettings;
  readonly observer: Pick<NodeObserver, 'observe' | 'volumesInUse'>;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** How often the node is looked at, and after how long it is reported though nothing has changed: its lease says that it lives. */
const lookMs = 10_000;
const reportMs = 300_000;
const answerMs = 10_000;
/** An agent that takes over a node that was ready has so long to be ready itself: its pods run, and stay in service meanwhile. */
const takeOverMs = 10_000;
const attempts = 5;

/**
 * Keeps the Node object of this machine: makes it, says how the node stands when that changes and every five minutes, and makes it again
 * when somebody deletes it while the agent runs. (The kubelet does the last only when it is started again; until then its node is lost.)
 */
export class NodeReporter implements Component {
  readonly name = 'node reporter';
  readonly #options: NodeReporterOptions;
  readonly #logger: Logger;
  readonly #end = new AbortController();
  readonly #pause: Wakeable;
  readonly #backOff: BackOff;
  readonly #registered = Promise.withResolvers<Node>();
  #node: Node | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #takenOverAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(options: NodeReporterOptions) {
    this.#options = options;
    this.#logger = options.logger.with({ node: options.settings.name });
    this.#pause = new Wakeable(options.clock);
    this.#backOff = new BackOff({ clock: options.clock, baseMs: 200, maxMs: 7000, random: options.random ?? Math.random });
  }

  /** Resolves at once: the API may be away. */
  async start(): Promise<void> {
    this.#running = this.#run(this.#end.signal);
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the agent stops'));
    await this.#running;
  }

  /** The object as this process last read or wrote it. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Resolves when the node has been there for the first time since the start. */
  get registered(): Promise<Node> {
    return this.#registered.promise;
  }

  /** Something has changed that should not wait for the next look. */
  poke(): void {
    this.#pause.wake();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        this.#backOff.reset();
        await this.#pause.sleep(lookMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.warn(this.#node === undefined ? 'the node could not be registered; trying again' : "the node's status could not be written; trying again", { error });
        await this.#backOff.wait(signal);
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { observer, settings, client, recorder, clock } = this.#options;
    const observed = await observer.observe(signal);
    if (this.#node === undefined) {
      const { node, isNew } = await this.#limited(signal, (limited) => register(client, settings, { ...observed, status: { ...observed.status, ...observer.volumesInUse() } }, clock.now(), limited));
      this.#node = node;
      this.#reportedAt = isNew ? clock.now() : Number.NEGATIVE_INFINITY;
      if (!isNew && isReady(node)) this.#takenOverAt = clock.now();
      this.#logger.info(isNew ? 'registered the node' : 'took over the node that was registered before');
      recorder.normal(node, 'Starting', 'Starting kubelet.');
      if (isNew) for (const turn of turnsOf([], node.status.conditions ?? [])) this.#tell(node, turn);
      this.#registered.resolve(node);
    }
    const isComing = observed.health.problems.length > 0 && clock.now() - this.#takenOverAt < takeOverMs;
    if (!isComing) await this.#report(observed, signal);
  }

  async #report(observed: Observed, signal: AbortSignal): Promise<void> {
    const { client, settings } = this.#options;
    for (let left = attempts; ; left--) {
      try {
        return await this.#limited(signal, async (limited) => this.#write(await client.get(Node, { name: settings.name }, limited), observed, limited));
      } catch (error) {
        if (StatusError.is(error, 'NotFound')) {
          this.#logger.warn('somebody deleted the node; it is registered again');
          this.#node = undefined;
          this.#pause.wake();
          return;
        }
        if (!StatusError.is(error, 'Conflict') || left <= 1) throw error;
      }
    }
  }

  async #write(node: Node, { status, health }: Observed, signal: AbortSignal): Promise<void> {
    const { client, clock, observer, settings: { isExternal = false } } = this.#options;
    const now = clock.now();
    const { addresses = [] } = node.status;
    const told = isExternal && addresses.length > 0 ? { addresses } : {};
    const before = node.status.conditions ?? [];
    const next = { ...node, status: { ...kept(node.status), ...status, ...told, ...observer.volumesInUse(), conditions: conditionsOf(before, health, now) } };
    this.#node = node;
    if (now - this.#reportedAt < reportMs && isSame(node.status, next.status)) return;
    this.#node = await client.updateStatus(Node, next, {}, signal);
    this.#reportedAt = now;
    for (const turn of turnsOf(before, next.status.conditions)) this.#tell(this.#node, turn);
  }

  /** As the kubelet: a connection that hangs is not waited for until its own time limit. */
  #limited<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return within(this.#options.clock, answerMs, signal, 'the API server', call);
  }

  #tell(node: Node, turn: string): void {
    this.#options.recorder.normal(node, turn, `Node ${node.metadata.name} status is now: ${turn}`);
  }
}

const isReady = ({ status: { conditions = [] } }: Node): boolean => conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

/** What others write of a node's status, or what an agent that knows more wrote. */
const kept = ({ images: _images, volumesInUse: _inUse, ...rest }: NodeStatus): NodeStatus => rest;

const isSame = (a: NodeStatus, b: NodeStatus): boolean =>
  deepEqual({ ...a, conditions: timeless(a.conditions) }, { ...b, conditions: timeless(b.conditions) });

/** In no order, and whenever it was said. */
const timeless = (conditions: readonly NodeCondition[] = []): unknown =>
  Object.fromEntries(conditions.map(({ type, lastHeartbeatTime: _heartbeat, ...rest }) => [type, rest]));
