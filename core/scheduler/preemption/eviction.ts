import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { disruptionTarget, preemptionByScheduler } from './names.ts';
import type { Candidate } from './victims.ts';

export interface EvictionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

const atOnce = 16;

/** Has pods leave a node for a more important one: each is told why, and then deleted with its own grace period. */
export class Eviction {
  readonly #options: EvictionOptions;

  constructor(options: EvictionOptions) {
    this.#options = options;
  }

  /** Pods that are gone, or going, are left alone. @throws {StatusError} when one of them could not be told */
  async run({ node, victims }: Candidate, preemptor: PodInfo, signal: AbortSignal): Promise<void> {
    const staying = victims.filter(({ isTerminating }) => !isTerminating);
    for (let i = 0; i < staying.length; i += atOnce) {
      await Promise.all(staying.slice(i, i + atOnce).map((victim) => this.#evict(victim, preemptor, node.name, signal)));
    }
  }

  async #evict(victim: PodInfo, preemptor: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> {
    const { client, clock, recorder } = this.#options;
    const condition = {
      type: disruptionTarget, status: 'True', reason: preemptionByScheduler, lastTransitionTime: rfc3339(clock.now()),
      message: `${preemptor.pod.spec.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
    };
    try {
      const { uid } = victim;
      await client.patchStatus(Pod, victim.pod.metadata, { type: 'strategic', document: { metadata: { uid }, status: { conditions: [condition] } } }, {}, signal);
      await client.delete(Pod, victim.pod.metadata, { preconditions: { uid } }, signal);
    } catch (error) {
      // Another pod of its name is not meant.
      if (StatusError.is(error, 'NotFound', 'Conflict')) return;
      throw error;
    }
    recorder.normal(victim.pod, 'Preempted', `Preempted by pod ${preemptor.uid} on node ${nodeName}`);
  }
}
