import type { Pressures } from '#core/agent/node/conditions.ts';
import { within } from '#core/agent/node/deadline.ts';
import type { PodDirectory } from '#core/agent/server/pod-directory.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { RuntimeMonitor } from '#core/spi/container-runtime.ts';
import { admissionProblem } from './admission.ts';
import { isCritical } from './critical.ts';
import { hasLocalLimits, limitExceeded } from './local-limits.ts';
import { evictedReason, evictionMessage, resourceOf } from './messages.ts';
import { observe, type Observations } from './observations.ts';
import type { DeadContainers, PodEvictor } from './pod-evictor.ts';
import { measure, type PodUse, type PodUseOptions } from './pod-use.ts';
import { metThresholds, PressureTracker } from './pressure.ts';
import { rank } from './ranking.ts';
import type { Threshold } from './thresholds.ts';

export interface EvictionOptions extends PodUseOptions {
  readonly runtime: PodUseOptions['runtime'] & Pick<RuntimeMonitor, 'imageFileSystem'>;
  readonly pods: Pick<PodDirectory, 'pods'>;
  readonly evictor: PodEvictor;
  readonly thresholds: readonly Threshold[];
  readonly nodeDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly node: () => Node | undefined;
  /** Removes images that nothing uses. */
  readonly images?: { removeUnused(signal: AbortSignal): Promise<void> };
  readonly containers?: DeadContainers;
  /** For how long a condition outlasts its cause; five minutes by default. */
  readonly transitionMs?: number;
  /** The longest time that a pod gets under a soft threshold, in seconds; 0 by default, as upstream. */
  readonly maxPodGraceSeconds?: number;
  /** Told when the node's pressures have changed. */
  readonly changed?: () => void;
}

const lookMs = 10_000;
const answerMs = 30_000;
/** To measure pods' files is work. */
const limitsMs = 60_000;
/** Pods that must go at once get so long. */
const immediateSeconds = 1;

/** Keeps the node from running out of memory, disk and processes: gives back what nothing needs, then ends one pod at a time. */
export class EvictionManager implements Component {
  readonly name = 'eviction manager';
  readonly #options: EvictionOptions;
  readonly #tracker: PressureTracker;
  readonly #end = new AbortController();
  #limitsCheckedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(options: EvictionOptions) {
    this.#options = options;
    this.#tracker = new PressureTracker(options.thresholds, options.transitionMs ?? 300_000);
  }

  async start(): Promise<void> {
    this.#running = this.#run(this.#end.signal);
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the agent stops'));
    await this.#running;
  }

  get pressures(): Pressures {
    return this.#tracker.pressures;
  }

  /** Why a pod that has come to the node cannot be taken in while the node is under pressure; undefined when it can. */
  admit(pod: Pod): { readonly reason: string; readonly message: string } | undefined {
    const message = admissionProblem(pod, this.pressures);
    return message === undefined ? undefined : { reason: evictedReason, message };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.look(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.logger.warn('the node could not be checked for shortages', { error });
      }
      await this.#options.clock.sleep(lookMs, signal).catch(() => undefined);
    }
  }

  /** One pass: looks, and evicts at most one pod for a shortage, or those that take more disk than they may. */
  async look(signal: AbortSignal): Promise<void> {
    const { thresholds, clock, changed } = this.#options;
    const observations = await this.#observe(signal);
    const before = this.pressures;
    const met = this.#tracker.note(observations, clock.now());
    const now = this.pressures;
    if (before.memory !== now.memory || before.disk !== now.disk || before.pid !== now.pid) changed?.();
    const pods = this.#options.pods.pods().filter(({ status: { phase } }) => phase !== 'Succeeded' && phase !== 'Failed');
    if (await this.#evictOverLimit(pods, signal)) return;
    const first = met.find(({ signal: one }) => one === 'memory.available') ?? met[0];
    if (first === undefined) return;
    const resource = resourceOf[first.signal];
    const node = this.#options.node();
    if (node !== undefined) this.#options.recorder.warning(node, 'EvictionThresholdMet', `Attempting to reclaim ${resource}`);
    if (await this.#reclaim(first, signal) && metThresholds(thresholds, await this.#observe(signal), true).length === 0) return;
    await this.#evictFirst(pods, first, observations, signal);
  }

  async #observe(signal: AbortSignal): Promise<Observations> {
    const { machine, runtime, nodeDir, clock } = this.#options;
    const imageDir = await within(clock, answerMs, signal, 'the container runtime', (limited) => runtime.imageFileSystem(limited)).catch(() => undefined);
    signal.throwIfAborted();
    return observe(machine, { nodeDir, imageDir });
  }

  async #evictOverLimit(pods: readonly Pod[], signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const limited = pods.filter((pod) => hasLocalLimits(pod) && !isCritical(pod));
    if (limited.length === 0 || clock.now() - this.#limitsCheckedAt < limitsMs) return false;
    const uses = await this.#measure({ disks: limited.map(({ metadata }) => metadata.uid), processes: false }, signal);
    this.#limitsCheckedAt = clock.now();
    let evicted = false;
    for (const pod of limited) {
      const use = uses.get(pod.metadata.uid);
      const message = use && limitExceeded(pod, use);
      if (message === undefined) continue;
      evicted = true;
      await this.#evict(pod, message, immediateSeconds);
    }
    return evicted;
  }

  /** True when there was something that could be tried. */
  async #reclaim({ signal: short }: Threshold, signal: AbortSignal): Promise<boolean> {
    if (!short.startsWith('nodefs') && !short.startsWith('imagefs')) return false;
    const { containers, images, logger } = this.#options;
    for (const reclaim of [containers && (() => containers.removeAll(signal)), images && (() => images.removeUnused(signal))]) {
      await reclaim?.().catch((error: unknown) => logger.warn('what nothing needs could not be removed', { error }));
    }
    signal.throwIfAborted();
    return containers !== undefined || images !== undefined;
  }

  async #evictFirst(pods: readonly Pod[], threshold: Threshold, observations: Observations, signal: AbortSignal): Promise<void> {
    const { logger, maxPodGraceSeconds = 0 } = this.#options;
    const candidates = pods.filter((pod) => !isCritical(pod));
    if (candidates.length === 0) {
      logger.error('the node is short, and no pod can be evicted', { signal: threshold.signal });
      return;
    }
    const isDisk = threshold.signal.startsWith('nodefs') || threshold.signal.startsWith('imagefs');
    const uses = await this.#measure({ disks: isDisk ? candidates.map(({ metadata }) => metadata.uid) : [], processes: threshold.signal === 'pid.available' }, signal);
    const [pod] = rank(candidates, threshold.signal, uses);
    if (pod === undefined) return;
    await this.#evict(pod, evictionMessage(pod, uses.get(pod.metadata.uid), threshold, observations), threshold.graceMs === 0 ? immediateSeconds : maxPodGraceSeconds);
  }

  #measure(of: Parameters<typeof measure>[1], signal: AbortSignal): Promise<ReadonlyMap<string, PodUse>> {
    return within(this.#options.clock, answerMs, signal, 'the container runtime', (limited) => measure(this.#options, of, limited));
  }

  async #evict(pod: Pod, message: string, graceSeconds: number): Promise<void> {
    const { evictor, recorder, logger } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    logger.warn('evicting a pod', { namespace, pod: name, message });
    recorder.warning(pod, evictedReason, message);
    await evictor.evict(uid, evictedReason, message, graceSeconds).catch((error: unknown) => logger.warn('the pod could not be evicted', { namespace, pod: name, error }));
  }
}
