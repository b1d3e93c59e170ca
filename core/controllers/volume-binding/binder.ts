import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client, Patch } from '#core/client/client.ts';
import { annotationOf, hasIntent, isBindCompleted, provisionedName, refersTo } from '#core/controllers/storage/claims.ts';
import { metadataPatch, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { annotations, finalizers } from '#core/api/storage/names.ts';
import type { OwnWrites } from '#core/controllers/storage/own-writes.ts';

/**
 * Joins a claim and a volume, in four writes of which each is left out when its work is done: the volume names the claim,
 * the volume is Bound, the claim names the volume, the claim is Bound. In this order, so that after a crash between any two the
 * volume is nobody else's and the same call finishes the work.
 */
export class Binder {
  readonly #client: Client;
  readonly #claims: OwnWrites<PersistentVolumeClaim>;
  readonly #volumes: OwnWrites<PersistentVolume>;

  constructor(client: Client, claims: OwnWrites<PersistentVolumeClaim>, volumes: OwnWrites<PersistentVolume>) {
    this.#client = client;
    this.#claims = claims;
    this.#volumes = volumes;
  }

  async bind(volume: PersistentVolume, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const current = this.#volumes.newest(volume);
    // The choice was made by an older version, and in between it may have been given away.
    if (current.spec.claimRef !== undefined && !refersTo(current, claim)) throw StatusError.modified(PersistentVolume, current.metadata.name);
    const reserved = await this.#nameClaim(current, claim, signal);
    const bound = await this.setVolumePhase(reserved, 'Bound', signal);
    const named = await this.#nameVolume(claim, bound, signal);
    await this.#boundStatus(named, bound, signal);
  }

  async setVolumePhase(volume: PersistentVolume, phase: string, signal: AbortSignal): Promise<PersistentVolume> {
    if (volume.status.phase === phase) return volume;
    const patch = metadataPatch(volume, {}, { status: { phase, message: null, reason: null } });
    return this.#volumes.note(await this.#client.patchStatus(PersistentVolume, volume.metadata, patch, {}, signal));
  }

  /** Takes the claim's name off the volume, or only its UID when it was not the controller that wrote the name. */
  async unbind(volume: PersistentVolume, signal: AbortSignal): Promise<void> {
    const ours = annotationOf(volume, annotations.boundByController) !== undefined;
    const patch = ours
      ? metadataPatch(volume, { annotations: { [annotations.boundByController]: null } }, { spec: { claimRef: null } })
      : metadataPatch(volume, {}, { spec: { claimRef: { uid: null, resourceVersion: null } } });
    const freed = await this.#client.patch(PersistentVolume, volume.metadata, patch, {}, signal);
    await this.setVolumePhase(this.#volumes.note(freed), 'Available', signal);
  }

  /** A claim without a volume that it could name has neither modes nor capacity. */
  async setClaimPhase(claim: PersistentVolumeClaim, phase: string, signal: AbortSignal): Promise<void> {
    const { status } = claim;
    if ((status.phase ?? 'Pending') === phase && status.capacity === undefined && status.accessModes === undefined) return;
    const patch = metadataPatch(claim, {}, { status: { phase, accessModes: null, capacity: null } });
    this.#claims.note(await this.#client.patchStatus(PersistentVolumeClaim, claim.metadata, patch, {}, signal));
  }

  /** For writes that lead to a volume without binding one. */
  async patchClaim(claim: PersistentVolumeClaim, patch: Patch, signal: AbortSignal): Promise<void> {
    this.#claims.note(await this.#client.patch(PersistentVolumeClaim, claim.metadata, patch, {}, signal));
  }

  async #nameClaim(volume: PersistentVolume, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<PersistentVolume> {
    if (volume.spec.claimRef?.uid === claim.metadata.uid) return volume;
    const byController = refersTo(volume, claim) ? {} : { annotations: { [annotations.boundByController]: 'yes' } };
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    const claimRef = { apiVersion: apiVersionOf(PersistentVolumeClaim), kind: PersistentVolumeClaim.kind, namespace, name, uid, resourceVersion };
    const patch = metadataPatch(volume, byController, { spec: { claimRef } });
    return this.#volumes.note(await this.#client.patch(PersistentVolume, volume.metadata, patch, {}, signal));
  }

  async #nameVolume(claim: PersistentVolumeClaim, { metadata: { name } }: PersistentVolume, signal: AbortSignal): Promise<PersistentVolumeClaim> {
    const chosen = claim.spec.volumeName !== name;
    if (!chosen && isBindCompleted(claim)) return claim;
    // The volume that the intent announced is stored and the claim's: no write of its own is needed to take the intent back.
    const settled = hasIntent(claim) && name === provisionedName(claim);
    const metadata = {
      annotations: {
        [annotations.bindCompleted]: 'yes',
        ...(chosen ? { [annotations.boundByController]: 'yes' } : {}),
        ...(settled ? { [annotations.intent]: null } : {}),
      },
      ...(settled ? { finalizers: withoutFinalizer(claim, finalizers.intent) } : {}),
    };
    const patch = metadataPatch(claim, metadata, { spec: { volumeName: name } });
    return this.#claims.note(await this.#client.patch(PersistentVolumeClaim, claim.metadata, patch, {}, signal));
  }

  async #boundStatus(claim: PersistentVolumeClaim, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
    const { status } = claim;
    const becomesBound = status.phase !== 'Bound';
    if (!becomesBound && deepEqual(status.accessModes, volume.spec.accessModes)) return;
    // A claim that was bound before keeps its capacity: it may differ on purpose while the file system is still to grow.
    const storage = annotationOf(volume, annotations.preResizeCapacity) ?? volume.spec.capacity?.['storage'];
    const document = {
      phase: 'Bound', accessModes: volume.spec.accessModes,
      ...(becomesBound ? { capacity: { storage } } : {}),
      ...(becomesBound && volume.spec.volumeAttributesClassName !== undefined ? { currentVolumeAttributesClassName: volume.spec.volumeAttributesClassName } : {}),
    };
    const patch = metadataPatch(claim, {}, { status: document });
    this.#claims.note(await this.#client.patchStatus(PersistentVolumeClaim, claim.metadata, patch, {}, signal));
  }
}
