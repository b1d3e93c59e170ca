import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { multiAttachMessage } from './multi-attach.ts';

/** A volume that moves is away from its old node in this time, as a rule: nobody needs to hear of it. */
const movingMs = 30_000;

/** A node that has a volume which another one wants. */
export interface Holder {
  readonly attachment: VolumeAttachment;
  readonly pods: readonly Pod[];
}

/** Tells pods what becomes of their volumes. */
export class AttachmentEvents {
  readonly #recorder: EventRecorder;
  readonly #lasting: EventRecorder;
  readonly #clock: Clock;
  /** UIDs of attachments that this process saw when they were not attached yet. */
  readonly #young = new Set<string>();
  /** Since when pods wait for a volume that another node has, by the UIDs of attachments. */
  readonly #waiting = new Map<string, number>();

  constructor(recorder: EventRecorder, clock: Clock, attachments: Informer<VolumeAttachment>) {
    this.#recorder = recorder;
    this.#lasting = new Announcer(recorder, clock);
    this.#clock = clock;
    attachments.subscribe((object, previous) => {
      if (previous === undefined || previous.metadata.uid === object?.metadata.uid) return;
      this.#young.delete(previous.metadata.uid);
      this.#waiting.delete(previous.metadata.uid);
    });
  }

  outcome(volume: string, attachments: readonly VolumeAttachment[], users: ReadonlyMap<string, readonly Pod[]>): void {
    for (const { metadata: { uid }, spec: { nodeName }, status } of attachments) {
      const pods = users.get(nodeName) ?? [];
      if (status.attached !== true) this.#young.add(uid);
      else if (this.#young.delete(uid)) for (const pod of pods) this.#recorder.normal(pod, 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${volume}"`);
      const failure = status.attached === true ? undefined : status.attachError?.message;
      if (failure !== undefined) for (const pod of pods) this.#lasting.warning(pod, 'FailedAttachVolume', `AttachVolume.Attach failed for volume "${volume}" : ${failure}`);
    }
  }

  /** The volume is elsewhere. Says so when it will not be free by itself, or is not in time; otherwise, when to look again. */
  occupied(volume: PersistentVolume, pods: readonly Pod[], holders: readonly Holder[]): number | undefined {
    const now = this.#clock.now();
    const waits = holders.map(({ attachment: { metadata: { uid } } }) => {
      const since = this.#waiting.get(uid) ?? now;
      this.#waiting.set(uid, since);
      return since + movingMs - now;
    });
    const isMoving = holders.every(({ attachment, pods: users }) => users.every(isDeleting) && attachment.status.detachError === undefined);
    const left = Math.min(...waits);
    if (isMoving && left > 0) return left;
    for (const pod of pods) this.#lasting.warning(pod, 'FailedAttachVolume', multiAttachMessage(volume.metadata.name, pod, holders.flatMap((holder) => holder.pods)));
    return undefined;
  }
}
