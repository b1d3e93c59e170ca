import { Pod, type PodCondition } from '#core/api/schema/core-v1/pod.ts';
import type { Client } from '#core/client/client.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { PodInfo } from './model/pod-info.ts';

export interface Unscheduled {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  /** Undefined leaves what is there; empty takes it away. */
  readonly nominatedNodeName?: string | undefined;
}

/** Writes into a pod's status why it has no node. Writes nothing when it says so already. */
export class PodStatusWriter {
  readonly #client: Pick<Client, 'patchStatus'>;
  readonly #clock: Clock;

  constructor(client: Pick<Client, 'patchStatus'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async write({ pod }: PodInfo, what: Unscheduled, signal: AbortSignal): Promise<void> {
    const conditions = this.#condition(pod, what);
    const nominatedNodeName = nomination(pod, what);
    if (conditions === undefined && nominatedNodeName === undefined) return;
    const status = { ...(conditions === undefined ? {} : { conditions }), ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }) };
    await this.#client.patchStatus(Pod, pod.metadata, { type: 'strategic', document: { metadata: { uid: pod.metadata.uid }, status } }, {}, signal);
  }

  #condition({ status }: Pod, { reason, message }: Unscheduled): readonly PodCondition[] | undefined {
    const known = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    const isSaid = known?.status === 'False';
    if (isSaid && known.reason === reason && known.message === message) return undefined;
    const lastTransitionTime = isSaid && known.lastTransitionTime ? known.lastTransitionTime : rfc3339(this.#clock.now());
    return [{ type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime }];
  }
}

/** What has to be written; null takes it away. */
function nomination({ status }: Pod, { nominatedNodeName }: Unscheduled): string | null | undefined {
  if (nominatedNodeName === undefined || nominatedNodeName === (status?.nominatedNodeName ?? '')) return undefined;
  return nominatedNodeName === '' ? null : nominatedNodeName;
}
