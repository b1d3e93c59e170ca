import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import { ClusterFeed } from './cluster-feed.ts';
import { Failures } from './failures.ts';
import { Cluster } from './model/cluster.ts';
import { NodeChoice } from './node-choice.ts';
import { Placement } from './placement.ts';
import { filterPlugins, scorePlugins } from './plugins.ts';
import type { ResourceStrategy } from './plugins/node-resources-fit.ts';
import { OwnerSpread } from './plugins/default-spread.ts';
import { Eviction } from './preemption/eviction.ts';
import { Preemptor } from './preemption/preemptor.ts';
import { PodStatusWriter } from './pod-status.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import type { WaitingPod } from './queue/waiting-pod.ts';
import { WakeRules } from './queue/wake-rules.ts';
import { seededRandom } from './seeded-random.ts';
import { Turns } from './turns.ts';
import { VolumePlanner } from './volumes/volume-planner.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  /** Pods that ask for it are ours; `default-scheduler` by default. */
  readonly schedulerName?: string;
  /** `LeastAllocated` by default. */
  readonly strategy?: ResourceStrategy;
  /** See `NodeChoiceOptions`. */
  readonly percentageOfNodesToScore?: number;
  /** The same seed and the same sequence of events lead to the same choices. */
  readonly seed?: number;
}

/** How the scheduler is doing. */
export interface SchedulerReport {
  /** Pods without a node, wherever they stand. */
  readonly waiting: number;
  readonly ready: number;
  /** Writes that are under way. */
  readonly writing: number;
  /** Since the start. */
  readonly attempts: number;
}

/**
 * Puts pods on nodes. One pod after the other gets a node, in one go and without waiting; telling the API, and waiting for volumes, is
 * left to go on beside the next pods, which count the pod as placed from the moment of the decision.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #cluster: Cluster;
  readonly #queue: SchedulingQueue;
  readonly #feed: ClusterFeed;
  readonly #choice: NodeChoice;
  readonly #volumes: VolumePlanner;
  readonly #placement: Placement;
  readonly #failures: Failures;
  readonly #turns: Turns;
  #attempts = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { client, informers, clock, recorder, logger, schedulerName = 'default-scheduler' } = options;
    const random = seededRandom(options.seed ?? 1);
    const namespaces = informers.for(Namespace);
    const cluster = (this.#cluster = new Cluster((name) => namespaces.get(name)?.metadata.labels));
    const volumes = (this.#volumes = new VolumePlanner({ client, informers, clock }));
    const defaults = new OwnerSpread(informers);
    const filters = filterPlugins({ cluster, informers, volumes, defaults, ...(options.strategy === undefined ? {} : { strategy: options.strategy }) });
    this.#turns = new Turns(clock);
    const queue = (this.#queue = new SchedulingQueue({ clock, rules: new WakeRules(filters), onReady: () => this.#turns.wake() }));
    this.#feed = new ClusterFeed({ informers, cluster, queue, schedulerName });
    this.#choice = new NodeChoice({
      cluster, filters, scores: scorePlugins(filters, cluster), random,
      ...(options.percentageOfNodesToScore === undefined ? {} : { percentageOfNodesToScore: options.percentageOfNodesToScore }),
    });
    const statuses = new PodStatusWriter(client, clock);
    const surroundings = { client, clock, cluster, queue, recorder, logger, statuses };
    this.#placement = new Placement(surroundings);
    this.#failures = new Failures({ ...surroundings, preemptor: new Preemptor({ cluster, informers, random }), eviction: new Eviction({ client, clock, recorder }) });
  }

  report(): SchedulerReport {
    return { waiting: this.#queue.size, ready: this.#queue.ready, writing: this.#turns.writing, attempts: this.#attempts };
  }

  /** Takes in how the cluster stands, and follows it from then on. */
  start(signal: AbortSignal): Promise<void> {
    return this.#feed.start(signal);
  }

  stop(): void {
    this.#feed.stop();
    this.#queue.close();
  }

  /** Schedules until the signal aborts; resolves when nothing is left under way. May be called again. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (await this.#turns.next(() => this.#queue.ready > 0, signal)) {
      const waiting = this.#queue.take();
      if (waiting !== undefined) this.#attempt(waiting, signal);
    }
    await this.#turns.idle();
  }

  #attempt(waiting: WaitingPod, signal: AbortSignal): void {
    this.#attempts++;
    try {
      this.#decide(waiting, signal);
    } catch (error) {
      this.#options.logger.error('looking for a node failed in a way that nobody foresaw', { pod: waiting.pod.key, error });
      this.#turns.add(this.#failures.erred(waiting, error, signal));
    }
  }

  #decide(waiting: WaitingPod, signal: AbortSignal): void {
    const decision = this.#choice.decide(waiting.pod);
    if (decision.node === undefined) {
      this.#turns.add(this.#failures.unschedulable(waiting, decision.filters, decision.diagnosis, signal));
      return;
    }
    const { node } = decision;
    const reservation = this.#volumes.reserve(waiting.pod, node);
    this.#cluster.assume(waiting.pod, node.name);
    this.#cluster.nominations.delete(waiting.pod.uid);
    this.#queue.found(waiting);
    const placing = this.#placement.run(waiting, node, reservation, signal);
    // Volumes may take minutes; meanwhile others go on.
    if (reservation === undefined) this.#turns.add(placing);
    else this.#turns.addSlow(placing);
  }
}
