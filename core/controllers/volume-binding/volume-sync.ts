import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { LabelSelector } from '#core/api/label-selector.ts';
import { type Client, parseKey } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { annotationOf, claimKeyOf, classOfVolume, isDeleting, volumeNameOf } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { annotations } from '#core/api/storage/names.ts';
import type { ReconcileResult } from '#core/reconcile/controller.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import type { AvailableVolumes } from './available-volumes.ts';
import { isAvailable } from './available-volumes.ts';
import type { Binder } from './binder.ts';
import type { ClaimSync } from './claim-sync.ts';
import type { ClassRules } from './class-rules.ts';
import { mismatch, modeOf } from './fit.ts';
import { noClass, waitingClaims } from './indexes.ts';

interface Parts {
  readonly client: Client;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly available: AvailableVolumes;
  readonly binder: Binder;
  readonly claimSync: ClaimSync;
  readonly classes: ClassRules;
  readonly events: EventRecorder;
}

const soonMs = 50;

/** Brings one volume's phase in line with its claim, and a volume that nobody has to a claim that waits for it. */
export class VolumeSync {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async sync(volume: PersistentVolume, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { binder } = this.#parts;
    const { claimRef } = volume.spec;
    if (claimRef?.uid === undefined || claimRef.uid === '') {
      if (isDeleting(volume)) return;
      await binder.setVolumePhase(volume, 'Available', signal);
      return isAvailable(volume) ? this.#offer(volume, signal) : undefined;
    }
    const claim = await this.#claimOf(volume, signal);
    if (claim === undefined) return this.#release(volume, signal);
    if (volumeNameOf(claim) === '') return this.#awaitClaim(volume, claim, signal);
    if (volumeNameOf(claim) === volume.metadata.name) {
      await binder.setVolumePhase(volume, 'Bound', signal);
    } else if (annotationOf(volume, annotations.provisionedBy) !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete') {
      // It was made for this claim, which found another one meanwhile: nobody else will ever ask for it.
      await this.#release(volume, signal);
    } else {
      await binder.unbind(volume, signal);
    }
  }

  /** The claim to which the volume is bound; undefined only when the API server itself says that it is gone. */
  async #claimOf(volume: PersistentVolume, signal: AbortSignal): Promise<PersistentVolumeClaim | undefined> {
    const { client, claims } = this.#parts;
    const key = claimKeyOf(volume) ?? '';
    const isSame = (claim: PersistentVolumeClaim | undefined): boolean => claim?.metadata.uid === volume.spec.claimRef?.uid;
    const cached = claims.get(key);
    if (isSame(cached)) return cached;
    if (isReleased(volume)) return undefined;
    const found = await live(client, PersistentVolumeClaim, parseKey(key), signal);
    return isSame(found) ? found : undefined;
  }

  /** A deletion that failed stays visible: Failed is not overwritten. */
  async #release(volume: PersistentVolume, signal: AbortSignal): Promise<void> {
    if (!isReleased(volume)) await this.#parts.binder.setVolumePhase(volume, 'Released', signal);
  }

  /** The claim's own key does the binding, unless something stands in its way. */
  async #awaitClaim(volume: PersistentVolume, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { client, claimSync, events } = this.#parts;
    if (isDeleting(volume)) {
      if (claimSync.isBusy(claim.metadata.uid)) return { requeueAfterMs: soonMs };
      // The claim cannot have a volume that is going; once this one is released and gone, it gets another.
      const now = await live(client, PersistentVolumeClaim, claim.metadata, signal);
      if (now === undefined || now.metadata.uid !== claim.metadata.uid || volumeNameOf(now) === '') return this.#release(volume, signal);
    } else if (modeOf(volume) !== modeOf(claim)) {
      events.warning(volume, 'VolumeMismatch', `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" due to incompatible volumeMode.`);
      events.warning(claim, 'VolumeMismatch', `Cannot bind PersistentVolume "${volume.metadata.name}" to requested PersistentVolumeClaim due to incompatible volumeMode.`);
    }
  }

  /** Lets waiting claims choose until one has taken this volume. Whichever of the two came last, volume or claim, finds the other. */
  async #offer(volume: PersistentVolume, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { claims, available, claimSync, classes } = this.#parts;
    let skipped = false;
    const name = classOfVolume(volume);
    const waiting = [...claims.byIndex(waitingClaims.name, name), ...(name === '' ? claims.byIndex(waitingClaims.name, noClass) : [])];
    for (const claim of waiting) {
      if (!available.isFree(volume)) return;
      if (mismatch(volume, claim) !== undefined || !LabelSelector.of(claim.spec.selector).matches(volume.metadata.labels)) continue;
      if ((await classes.of(claim, signal)).waitsForConsumer) continue;
      if (!(await claimSync.sync(claim, signal))) skipped = true;
    }
    return skipped && available.isFree(volume) ? { requeueAfterMs: soonMs } : undefined;
  }
}

const isReleased = (volume: PersistentVolume): boolean => volume.status.phase === 'Released' || volume.status.phase === 'Failed';
