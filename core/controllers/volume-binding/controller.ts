import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { claimKeyOf, isBindCompleted, volumeNameOf } from '#core/controllers/storage/claims.ts';
import { isDefaultClass } from '#core/api/storage/default-class.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import { claimsOfPod, podsOfClaim } from '#core/controllers/storage/pods.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { VolumeDriver } from '#core/spi/volume-driver.ts';
import { AvailableVolumes } from './available-volumes.ts';
import { Binder } from './binder.ts';
import { ClaimSync } from './claim-sync.ts';
import { ClassRules } from './class-rules.ts';
import { claimsOfVolume, noClass, volumesOfClaim, waitingClaims } from './indexes.ts';
import { ProvisioningRequests } from './provisioning-requests.ts';
import { VolumeSync } from './volume-sync.ts';

export interface VolumeBindingOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly drivers: readonly VolumeDriver[];
  readonly workers?: number;
}

const soonMs = 50;
/** So often a claim that waits is looked at without a cause, and says again why it waits. */
const waitingMs = 15 * 60_000;

/**
 * Joins claims and volumes, and asks provisioners for volumes that are missing.
 * Keys are claims, `namespace/name`, and volumes, `name`.
 */
export class VolumeBindingController implements Controller {
  readonly name = 'volume-binding';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #ownVolumes: OwnWrites<PersistentVolume>;
  readonly #claimSync: ClaimSync;
  readonly #volumeSync: VolumeSync;

  constructor({ client, informers, clock, recorder, drivers, workers = 32 }: VolumeBindingOptions) {
    this.workers = workers;
    const claims = (this.#claims = informers.for(PersistentVolumeClaim));
    const volumes = (this.#volumes = informers.for(PersistentVolume));
    const storageClasses = informers.for(StorageClass);
    const pods = informers.for(Pod);
    claims.addIndex(claimsOfVolume.name, claimsOfVolume.of);
    claims.addIndex(waitingClaims.name, waitingClaims.of);
    volumes.addIndex(volumesOfClaim.name, volumesOfClaim.of);
    pods.addIndex(podsOfClaim.name, podsOfClaim.of);

    const events = new Announcer(recorder, clock);
    const ownClaims = new OwnWrites(claims);
    const ownVolumes = (this.#ownVolumes = new OwnWrites(volumes));
    const available = new AvailableVolumes(volumes, ownVolumes);
    const binder = new Binder(client, ownClaims, ownVolumes);
    const classes = new ClassRules(storageClasses, client, clock);
    const requests = new ProvisioningRequests({ binder, pods, classes, drivers: new DriverDirectory(drivers), events });
    this.#claimSync = new ClaimSync({ client, volumes, available, binder, ownClaims, classes, requests, events });
    this.#volumeSync = new VolumeSync({ client, claims, available, binder, claimSync: this.#claimSync, classes, events });
    this.sources = [
      source(claims, (claim, previous) => this.#keysOfClaim(claim, previous)),
      source(volumes, (volume, previous) => this.#keysOfVolume(volume, previous)),
      source(storageClasses, (found) => this.#keysOfClass(found)),
      source(pods, (pod, previous) => (pod === undefined || previous !== undefined ? [] : claimsOfPod(pod).filter((key) => this.#isWaiting(key)))),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (!key.includes('/')) {
      const volume = this.#volumes.get(key);
      return volume === undefined ? undefined : this.#volumeSync.sync(this.#ownVolumes.newest(volume), signal);
    }
    const claim = this.#claims.get(key);
    if (claim === undefined) return;
    if (!(await this.#claimSync.sync(claim, signal))) return { requeueAfterMs: soonMs };
    return isBindCompleted(claim) ? undefined : { requeueAfterMs: waitingMs };
  }

  /** A claim that goes, or turns to a volume, concerns the volumes that point at it. */
  #keysOfClaim(claim: PersistentVolumeClaim | undefined, previous: PersistentVolumeClaim | undefined): readonly string[] {
    const either = claim ?? previous;
    if (either === undefined) return [];
    const key = keyOf(either);
    if (claim !== undefined && previous !== undefined && volumeNameOf(claim) === volumeNameOf(previous)) return [key];
    const pointing = this.#volumes.byIndex(volumesOfClaim.name, key).map(keyOf);
    return [...new Set([...(claim === undefined ? [] : [key]), ...pointing])];
  }

  #keysOfVolume(volume: PersistentVolume | undefined, previous: PersistentVolume | undefined): readonly string[] {
    const keys = new Set<string>();
    for (const each of [volume, previous]) {
      if (each === undefined) continue;
      keys.add(each.metadata.name);
      const claimKey = claimKeyOf(each);
      if (claimKey !== undefined) keys.add(claimKey);
      for (const claim of this.#claims.byIndex(claimsOfVolume.name, each.metadata.name)) keys.add(keyOf(claim));
    }
    return [...keys];
  }

  #keysOfClass(found: StorageClass | undefined): readonly string[] {
    if (found === undefined) return [];
    const waiting = this.#claims.byIndex(waitingClaims.name, found.metadata.name);
    return [...waiting, ...(isDefaultClass(found) ? this.#claims.byIndex(waitingClaims.name, noClass) : [])].map(keyOf);
  }

  #isWaiting(key: string): boolean {
    const claim = this.#claims.get(key);
    return claim !== undefined && !isBindCompleted(claim);
  }
}
