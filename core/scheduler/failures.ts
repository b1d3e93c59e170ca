import { sentence, type Diagnosis } from './diagnosis.ts';
import type { PodInfo } from './model/pod-info.ts';
import type { Surroundings } from './placement.ts';
import type { PodFilters } from './pod-filters.ts';
import type { Unscheduled } from './pod-status.ts';
import type { Eviction } from './preemption/eviction.ts';
import type { Preemption, Preemptor } from './preemption/preemptor.ts';
import type { WaitingPod } from './queue/waiting-pod.ts';

export interface FailuresOptions extends Surroundings {
  readonly preemptor: Preemptor;
  readonly eviction: Eviction;
}

/** What becomes of pods for which there is no node: room is made if that is possible, and people are told. */
export class Failures {
  readonly #options: FailuresOptions;

  constructor(options: FailuresOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async unschedulable(waiting: WaitingPod, filters: PodFilters, diagnosis: Diagnosis, signal: AbortSignal): Promise<void> {
    const { cluster, queue, recorder, preemptor } = this.#options;
    const { pod } = waiting;
    const plan: Preemption = diagnosis.nodes === 0 ? { candidate: undefined, message: '', forget: false } : preemptor.plan(filters, diagnosis);
    const message = sentence(diagnosis, plan.candidate === undefined ? plan.message : '');
    const nominatedNodeName = plan.candidate === undefined ? (plan.forget ? '' : undefined) : plan.candidate.node.name;
    // From here on others count with the room that is being made.
    if (nominatedNodeName !== undefined) cluster.nominations.set(pod, nominatedNodeName);
    recorder.warning(pod.pod, 'FailedScheduling', message);
    const evicted = await this.#makeRoom(plan, pod, signal);
    await this.#write(pod, { reason: 'Unschedulable', message, nominatedNodeName }, signal);
    if (evicted) queue.failed(waiting, diagnosis.plugins);
    else queue.erred(waiting);
  }

  /** Never rejects. */
  async erred(waiting: WaitingPod, error: unknown, signal: AbortSignal): Promise<void> {
    const { queue, recorder } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    recorder.warning(waiting.pod.pod, 'FailedScheduling', message);
    await this.#write(waiting.pod, { reason: 'SchedulerError', message }, signal);
    queue.erred(waiting);
  }

  /** False when that went wrong, so that the pod should look again soon. */
  async #makeRoom({ candidate }: Preemption, pod: PodInfo, signal: AbortSignal): Promise<boolean> {
    if (candidate === undefined) return true;
    const { eviction, logger } = this.#options;
    try {
      await eviction.run(candidate, pod, signal);
      await this.#disappoint(candidate.node.name, pod, signal);
      return true;
    } catch (error) {
      if (!signal.aborted) logger.warn('pods could not be moved out of the way', { pod: pod.key, node: candidate.node.name, error });
      return false;
    }
  }

  /** Less important pods that were to come to the node too may not fit beside this one. */
  async #disappoint(nodeName: string, { priority }: PodInfo, signal: AbortSignal): Promise<void> {
    const { cluster, statuses } = this.#options;
    for (const other of cluster.nominations.on(nodeName).filter((nominated) => nominated.priority < priority)) {
      cluster.nominations.delete(other.uid);
      const { status } = other.pod;
      const known = (status?.conditions ?? []).find(({ type }) => type === 'PodScheduled');
      await statuses.write(other, { reason: 'Unschedulable', message: known?.message ?? '', nominatedNodeName: '' }, signal);
    }
  }

  async #write(pod: PodInfo, what: Unscheduled, signal: AbortSignal): Promise<void> {
    const { statuses, logger } = this.#options;
    try {
      await statuses.write(pod, what, signal);
    } catch (error) {
      if (!signal.aborted) logger.debug('the status of a pod could not be written', { pod: pod.key, error });
    }
  }
}
