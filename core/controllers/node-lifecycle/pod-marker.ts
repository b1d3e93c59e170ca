import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { isPodReady } from '#core/controllers/nodes/conditions.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';

export interface PodMarkerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

/** Says of pods whose node is not ready that they are not either, so that services leave them out. */
export class PodMarker {
  readonly #options: PodMarkerOptions;

  constructor(options: PodMarkerOptions) {
    this.#options = options;
  }

  /** Goes on when one fails, and rejects in the end with the first failure. */
  async markAll(pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const pod of pods) await this.mark(pod, signal).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  async mark(pod: Pod, signal: AbortSignal): Promise<void> {
    if (!isPodReady(pod)) return;
    const { client, clock, recorder } = this.#options;
    const { uid, resourceVersion } = pod.metadata;
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: rfc3339(clock.now()) };
    try {
      await client.patchStatus(Pod, pod.metadata, { type: 'strategic', document: { metadata: { uid, resourceVersion }, status: { conditions: [condition] } } }, {}, signal);
    } catch (error) {
      if (StatusError.is(error, 'NotFound')) return;
      throw error;
    }
    recorder.warning(pod, 'NodeNotReady', 'Node is not ready');
  }
}
