import { Binding, Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Cluster } from './model/cluster.ts';
import type { NodeInfo } from './model/node-info.ts';
import type { PodInfo } from './model/pod-info.ts';
import type { PodStatusWriter } from './pod-status.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';
import type { WaitingPod } from './queue/waiting-pod.ts';
import type { VolumeReservation } from './volumes/volume-reservation.ts';

export interface Surroundings {
  readonly client: Client;
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly queue: SchedulingQueue;
  readonly recorder: EventRecorder;
  readonly logger: Logger;
  readonly statuses: PodStatusWriter;
}

/** So long a pod counts as placed although nobody can say whether it is, in milliseconds, and so often the API is asked meanwhile. */
const doubtMs = 30_000;
const askEveryMs = 1000;

/** Tells the API which node a pod has, once its volumes are there. */
export class Placement {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Never rejects. */
  async run(waiting: WaitingPod, node: NodeInfo, reservation: VolumeReservation | undefined, signal: AbortSignal): Promise<void> {
    const { queue, recorder } = this.#around;
    const { pod } = waiting;
    try {
      await reservation?.bind(signal);
      await this.#bind(pod, node.name, signal);
    } catch (error) {
      reservation?.release();
      await this.#failed(waiting, node, error, signal);
      return;
    }
    reservation?.release();
    queue.delete(pod.uid);
    recorder.normal(pod.pod, 'Scheduled', `Successfully assigned ${pod.key} to ${node.name}`);
  }

  async #bind(pod: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#around;
    const { namespace, name, uid } = pod;
    try {
      await client.create(Binding, { metadata: { namespace, name, uid }, target: { kind: 'Node', name: nodeName } }, {}, signal);
    } catch (error) {
      if (isRefusal(error) || !(await this.#isBound(pod, nodeName, signal))) throw error;
    }
  }

  /** After an answer that says nothing, or none: whether the pod got the node all the same. */
  async #isBound({ namespace, name, uid }: PodInfo, nodeName: string, signal: AbortSignal): Promise<boolean> {
    const { client, clock } = this.#around;
    const until = clock.now() + doubtMs;
    while (!signal.aborted && clock.now() < until) {
      try {
        const { metadata, spec } = await client.get(Pod, { namespace, name }, signal);
        return metadata.uid === uid && spec.nodeName === nodeName;
      } catch (error) {
        if (StatusError.is(error, 'NotFound')) return false;
      }
      await clock.sleep(askEveryMs, signal).catch(() => undefined);
    }
    return false;
  }

  async #failed(waiting: WaitingPod, node: NodeInfo, error: unknown, signal: AbortSignal): Promise<void> {
    const { cluster, queue, recorder, logger, statuses } = this.#around;
    const { pod } = waiting;
    // What the API shows since is not this decision any more.
    if (cluster.isAssumed(pod.uid)) {
      cluster.removePod(pod.uid);
      queue.wake({ kind: 'pod/delete', object: pod.pod });
    }
    queue.erred(waiting);
    if (signal.aborted || waiting.place === 'gone') return;
    const message = error instanceof Error ? error.message : String(error);
    logger[StatusError.is(error) ? 'debug' : 'warn']('a pod could not be bound', { pod: pod.key, node: node.name, error });
    recorder.warning(pod.pod, 'FailedScheduling', message);
    await statuses.write(waiting.pod, { reason: 'SchedulerError', message }, signal).catch((failure: unknown) => {
      logger.debug('the status of a pod could not be written', { pod: pod.key, error: failure });
    });
  }
}

/** An answer from which it is certain that nothing was written. */
const isRefusal = (error: unknown): boolean =>
  StatusError.is(error, 'NotFound', 'Conflict', 'Forbidden', 'Invalid', 'BadRequest', 'Unauthorized', 'TooManyRequests');
