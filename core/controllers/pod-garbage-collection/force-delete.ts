import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { disruptionTarget, type Disruption } from '#core/controllers/nodes/disruption-target.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';

export interface ForceDeletion {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly disruption?: Disruption;
}

/** Deletes a pod of which no agent will say that it has ended. It fails first: whoever counts its ends would wait for ever otherwise. */
export async function forceDelete(client: Client, pod: Pod, { now, disruption }: ForceDeletion, signal: AbortSignal): Promise<void> {
  const { uid } = pod.metadata;
  try {
    if (!isTerminated(pod)) {
      const condition = disruption && disruptionTarget(pod, disruption, now);
      const status = { phase: 'Failed', ...(condition === undefined ? {} : { conditions: [condition] }) };
      await client.patchStatus(Pod, pod.metadata, { type: 'strategic', document: { metadata: { uid }, status } }, {}, signal);
    }
    await client.delete(Pod, pod.metadata, { gracePeriodSeconds: 0, preconditions: { uid } }, signal);
  } catch (error) {
    // It is gone, and perhaps another one has its name.
    if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
  }
}

const atOnce = 16;

/** Some at a time. Goes on when one fails, and rejects in the end with the first failure. */
export async function forceDeleteAll(client: Client, pods: readonly Pod[], how: ForceDeletion, signal: AbortSignal): Promise<void> {
  const left = [...pods].reverse();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let pod = left.pop(); pod !== undefined && !signal.aborted; pod = left.pop()) {
      await forceDelete(client, pod, how, signal).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
