import { VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { volumeOf } from './names.ts';

export const attachmentsOfVolume = { name: 'attachments-by-volume', of: (attachment: VolumeAttachment): string[] => (volumeOf(attachment) === '' ? [] : [volumeOf(attachment)]) };
export const attachmentsOfNode = { name: 'attachments-by-node', of: ({ spec }: VolumeAttachment): string[] => [spec.nodeName] };

/** How long an answer of the API is believed that the cache does not confirm. */
const believedMs = 10_000;

/** An attachment that this process made, or may have made, and that the cache does not show. */
interface Unseen {
  /** Undefined when it is not certain that there is one. */
  attachment: VolumeAttachment | undefined;
  until: number;
}

/**
 * - `withdrawn`: no agent may begin to use the volume
 * - `asked`: the API was asked to delete the attachment, and perhaps it has
 * - `deleted`: it has
 */
type Going = 'withdrawn' | 'asked' | 'deleted';

/**
 * The VolumeAttachments as this process knows them, which is ahead of what its cache shows: one that was made a moment ago must not be overlooked
 * when another node wants the volume, nor one that is about to go be taken for one that stays.
 */
export class KnownAttachments {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #informer: Informer<VolumeAttachment>;
  /** By volumes, then by the attachments' names. */
  readonly #unseen = new Map<string, Map<string, Unseen>>();
  readonly #going = new Map<string, Going>();

  constructor(client: Client, clock: Clock, informer: Informer<VolumeAttachment>) {
    this.#client = client;
    this.#clock = clock;
    this.#informer = informer;
    informer.addIndex(attachmentsOfVolume.name, attachmentsOfVolume.of);
    informer.addIndex(attachmentsOfNode.name, attachmentsOfNode.of);
    informer.subscribe((object, previous) => {
      const changed = object ?? previous;
      if (changed !== undefined) this.#see(volumeOf(changed), changed.metadata.name);
      if (previous !== undefined && previous.metadata.uid !== object?.metadata.uid) this.#going.delete(previous.metadata.uid);
    });
  }

  /** Finds out what became of what was begun and not heard of. */
  async settle(volume: string, signal: AbortSignal): Promise<void> {
    for (const [name, unseen] of this.#unseen.get(volume) ?? []) {
      if (unseen.attachment !== undefined && unseen.until > this.#clock.now()) continue;
      const found = await live(this.#client, VolumeAttachment, { name }, signal);
      if (found === undefined) this.#see(volume, name);
      else Object.assign(unseen, { attachment: found, until: this.#clock.now() + believedMs });
    }
  }

  of(volume: string): readonly VolumeAttachment[] {
    const unseen = [...this.#unseen.get(volume)?.values() ?? []].flatMap(({ attachment }) => attachment ?? []);
    return [...this.#informer.byIndex(attachmentsOfVolume.name, volume), ...unseen];
  }

  onNode(node: string): readonly VolumeAttachment[] {
    return this.#informer.byIndex(attachmentsOfNode.name, node);
  }

  /** When to look again, should the cache say nothing. */
  awaits(volume: string): number | undefined {
    return this.#unseen.has(volume) ? believedMs : undefined;
  }

  isGoing(attachment: VolumeAttachment): boolean {
    return isDeleting(attachment) || this.#going.has(attachment.metadata.uid);
  }

  async create(draft: Draft<VolumeAttachment>, signal: AbortSignal): Promise<void> {
    const { name = '' } = draft.metadata;
    const volume = draft.spec?.source?.persistentVolumeName ?? '';
    const unseen: Unseen = { attachment: undefined, until: 0 };
    const beside = this.#unseen.get(volume);
    if (beside === undefined) this.#unseen.set(volume, new Map([[name, unseen]]));
    else beside.set(name, unseen);
    const made = await this.#client.create(VolumeAttachment, draft, {}, signal).catch(async (error: unknown) => {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
      return live(this.#client, VolumeAttachment, { name }, signal);
    });
    if (made === undefined || this.#informer.get(name)?.metadata.uid === made.metadata.uid) this.#see(volume, name);
    else Object.assign(unseen, { attachment: made, until: this.#clock.now() + believedMs });
  }

  withdraw({ metadata: { uid } }: VolumeAttachment): void {
    if (!this.#going.has(uid)) this.#going.set(uid, 'withdrawn');
  }

  /** It is wanted again. Resolves to false when it is too late. */
  async restore(attachment: VolumeAttachment, signal: AbortSignal): Promise<boolean> {
    const { uid, name } = attachment.metadata;
    if (isDeleting(attachment) || this.#going.get(uid) === 'deleted') return false;
    if (this.#going.get(uid) === 'asked') {
      const found = await live(this.#client, VolumeAttachment, { name }, signal);
      if (found === undefined || found.metadata.uid !== uid || isDeleting(found)) {
        this.#going.set(uid, 'deleted');
        return false;
      }
    }
    this.#going.delete(uid);
    return true;
  }

  async delete(attachment: VolumeAttachment, signal: AbortSignal): Promise<void> {
    const { uid, name } = attachment.metadata;
    if (isDeleting(attachment) || this.#going.get(uid) === 'deleted') return;
    this.#going.set(uid, 'asked');
    try {
      await this.#client.delete(VolumeAttachment, { name }, { preconditions: { uid } }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
    const unseen = this.#unseen.get(volumeOf(attachment))?.get(name);
    if (unseen !== undefined) unseen.attachment = undefined;
    this.#going.set(uid, 'deleted');
  }

  #see(volume: string, name: string): void {
    const unseen = this.#unseen.get(volume);
    unseen?.delete(name);
    if (unseen?.size === 0) this.#unseen.delete(volume);
  }
}
