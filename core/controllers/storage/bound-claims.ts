import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Client, Patch } from '#core/client/client.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { volumeNameOf } from './claims.ts';
import { metadataPatch } from './metadata-patch.ts';
import { OwnWrites } from './own-writes.ts';

/** Claims and their volumes as the cache shows them or as this controller has written them since, whichever is newer. */
export class BoundClaims {
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly #client: Client;
  readonly #ownClaims: OwnWrites<PersistentVolumeClaim>;
  readonly #ownVolumes: OwnWrites<PersistentVolume>;

  constructor(client: Client, informers: Informers) {
    this.#client = client;
    this.claims = informers.for(PersistentVolumeClaim);
    this.volumes = informers.for(PersistentVolume);
    this.#ownClaims = new OwnWrites(this.claims);
    this.#ownVolumes = new OwnWrites(this.volumes);
  }

  get(key: string): PersistentVolumeClaim | undefined {
    const cached = this.claims.get(key);
    return cached && this.#ownClaims.newest(cached);
  }

  /** Undefined unless both name each other. */
  volumeOf(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    const cached = this.volumes.get(volumeNameOf(claim));
    return cached === undefined || cached.spec.claimRef?.uid !== claim.metadata.uid ? undefined : this.#ownVolumes.newest(cached);
  }

  /** Holds only for this very version of the claim: somebody else may have gone on since. */
  async writeStatus(claim: PersistentVolumeClaim, status: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<PersistentVolumeClaim> {
    return this.#ownClaims.note(await this.#client.patchStatus(PersistentVolumeClaim, claim.metadata, metadataPatch(claim, {}, { status }), {}, signal));
  }

  async patchVolume(volume: PersistentVolume, patch: Patch, signal: AbortSignal): Promise<PersistentVolume> {
    return this.#ownVolumes.note(await this.#client.patch(PersistentVolume, volume.metadata, patch, {}, signal));
  }
}
