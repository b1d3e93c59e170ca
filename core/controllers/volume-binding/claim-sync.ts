import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Client } from '#core/client/client.ts';
import { keyOf } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { isBindCompleted, isDeleting, refersTo, volumeNameOf, wantsAnyVolume } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { isOlderVersion, type OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import type { AvailableVolumes } from './available-volumes.ts';
import type { Binder } from './binder.ts';
import type { ClassRules } from './class-rules.ts';
import { mismatch, mismatchOfNamed } from './fit.ts';
import { volumesOfClaim } from './indexes.ts';
import type { ProvisioningRequests } from './provisioning-requests.ts';

interface Parts {
  readonly client: Client;
  readonly volumes: Informer<PersistentVolume>;
  readonly available: AvailableVolumes;
  readonly binder: Binder;
  readonly ownClaims: OwnWrites<PersistentVolumeClaim>;
  readonly classes: ClassRules;
  readonly requests: ProvisioningRequests;
  readonly events: EventRecorder;
}

/** Brings one claim a step further: to a volume that is there, to a request for one, or to Lost. */
export class ClaimSync {
  readonly #parts: Parts;
  readonly #busy = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether the claim is being worked on, on behalf of whichever key. */
  isBusy(uid: string): boolean {
    return this.#busy.has(uid);
  }

  /** Resolves to false when the claim is being worked on already. */
  async sync(cached: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
    const claim = this.#parts.ownClaims.newest(cached);
    const { uid } = claim.metadata;
    if (this.#busy.has(uid)) return false;
    this.#busy.add(uid);
    try {
      if (isBindCompleted(claim)) await this.#bound(claim, signal);
      else if (isDeleting(claim)) return true;
      else if (volumeNameOf(claim) === '') await this.#unbound(claim, signal);
      else await this.#named(claim, signal);
    } finally {
      this.#busy.delete(uid);
    }
    return true;
  }

  async #unbound(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const { binder, available, classes, requests } = this.#parts;
    const own = this.#ownVolume(claim);
    if (own !== undefined) return this.#bindOwn(own, claim, signal);
    const rule = await classes.of(claim, signal);
    const volume = rule.waitsForConsumer ? undefined : available.bestFor(claim);
    if (volume === undefined) return requests.ask(claim, rule, signal);
    const takeBack = available.give(volume);
    try {
      await binder.bind(volume, claim, signal);
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** The volume that was made or reserved for this very claim. */
  #ownVolume(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    return this.#parts.volumes.byIndex(volumesOfClaim.name, keyOf(claim))
      .find((volume) => refersTo(volume, claim) && !isDeleting(volume) && mismatch(volume, claim) === undefined);
  }

  /** A provisioner notes on the volume which version of the claim it has seen, or made: a cache that is older than that is no use. */
  async #bindOwn(volume: PersistentVolume, cached: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const { client, binder } = this.#parts;
    const { uid, resourceVersion } = cached.metadata;
    const isBehind = isOlderVersion(resourceVersion, volume.spec.claimRef?.resourceVersion ?? '');
    const claim = isBehind ? await live(client, PersistentVolumeClaim, cached.metadata, signal) : cached;
    if (claim?.metadata.uid === uid && wantsAnyVolume(claim)) await binder.bind(volume, claim, signal);
  }

  /** Its author asks for a certain volume. */
  async #named(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const { volumes, binder, events } = this.#parts;
    const volume = volumes.get(volumeNameOf(claim));
    if (volume === undefined) {
      events.warning(claim, 'FailedBinding', `volume "${volumeNameOf(claim)}" does not exist`);
    } else if (isDeleting(volume)) {
      events.warning(claim, 'FailedBinding', `volume "${volume.metadata.name}" is being deleted`);
    } else if (refersTo(volume, claim)) {
      return binder.bind(volume, claim, signal);
    } else if (volume.spec.claimRef !== undefined) {
      events.warning(claim, 'FailedBinding', `volume "${volume.metadata.name}" already bound to a different claim.`);
    } else {
      const problem = mismatchOfNamed(volume, claim);
      if (problem === undefined) return binder.bind(volume, claim, signal);
      events.warning(claim, 'VolumeMismatch', `Cannot bind to requested volume "${volume.metadata.name}": ${problem}`);
    }
    return binder.setClaimPhase(claim, 'Pending', signal);
  }

  async #bound(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const { volumes, binder } = this.#parts;
    const name = volumeNameOf(claim);
    if (name === '') return this.#lost(claim, 'ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!', signal);
    let volume = volumes.get(name);
    // Lost is for ever, and the cache may lag behind: only the API server's word counts.
    if (volume === undefined || !this.#isOrMayBe(volume, claim)) volume = await live(this.#parts.client, PersistentVolume, { name }, signal);
    if (volume === undefined) return this.#lost(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!', signal);
    if (this.#isOrMayBe(volume, claim)) return binder.bind(volume, claim, signal);
    return this.#lost(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly', signal);
  }

  #isOrMayBe(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
    return volume.spec.claimRef === undefined || volume.spec.claimRef.uid === claim.metadata.uid || refersTo(volume, claim);
  }

  async #lost(claim: PersistentVolumeClaim, reason: string, message: string, signal: AbortSignal): Promise<void> {
    if (claim.status.phase === 'Lost') return;
    await this.#parts.binder.setClaimPhase(claim, 'Lost', signal);
    this.#parts.events.warning(claim, reason, message);
  }
}
