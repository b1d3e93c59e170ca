import { randomInt } from 'node:crypto';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { StorageClass, VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { claimKeyOf, hasIntent, provisionedName, wantsAnyVolume } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { live } from '#core/controllers/storage/live.ts';
import { claimsOfSnapshot, VolumeSnapshot } from '#core/controllers/storage/snapshots.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { KindSources } from '#core/reconcile/kind-sources.ts';
import { canFind, canSnapshot, type CreateVolumeRequest, type Volume, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { Attempts, provisionerOf, type Attempt } from './attempt.ts';
import { Cleanup } from './cleanup.ts';
import { isForPopulator } from './content-source.ts';
import { Failures, sentence } from './failures.ts';
import { Intents, intentOf } from './intent.ts';
import { claimKeys, isPending, pendingClaims, pendingClaimsOfAttributes } from './keys.ts';
import { breach, volumeObject } from './volume-object.ts';

export interface VolumeProvisioningOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly logger: Logger;
  readonly drivers: readonly VolumeDriver[];
  /** Without them a claim that waits for its snapshot is looked at only now and then. */
  readonly kinds?: ServedKinds;
  /** Volumes that are made at the same time. */
  readonly workers?: number;
  /** Wait before a request is repeated that was refused for lack of room. */
  readonly slowRetryMs?: number;
}

const soonMs = 50;

/**
 * Has drivers make the volumes for which claims ask, and stores them as PersistentVolumes.
 * Intent before effect: from before a driver is asked until its volume is stored, or certainly none is left, the claim carries a
 * finalizer that says so. It outlives crashes, and the claim cannot go without it.
 */
export class VolumeProvisioningController implements Controller {
  readonly name = 'volume-provisioning';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #drivers: DriverDirectory;
  readonly #events: EventRecorder;
  readonly #attempts: Attempts;
  readonly #intents: Intents;
  readonly #failures: Failures;
  readonly #cleanup: Cleanup;
  readonly #snapshots: KindSources | undefined;
  readonly #instance: string;
  readonly #slowRetryMs: number;

  constructor({ client, informers, clock, recorder, logger, drivers, kinds, workers = 32, slowRetryMs = 60_000 }: VolumeProvisioningOptions) {
    this.workers = workers;
    this.#client = client;
    this.#clock = clock;
    this.#slowRetryMs = slowRetryMs;
    this.#instance = `${clock.now()}-${randomInt(10_000)}`;
    this.#drivers = new DriverDirectory(drivers);
    this.#events = new Announcer(recorder, clock);
    this.#attempts = new Attempts(informers, client);
    this.#intents = new Intents(client);
    this.#failures = new Failures({ intents: this.#intents, events: this.#events, logger, slowRetryMs });
    this.#cleanup = new Cleanup({ attempts: this.#attempts, intents: this.#intents, events: this.#events, clock });
    const claims = (this.#claims = informers.for(PersistentVolumeClaim));
    for (const index of [pendingClaims, pendingClaimsOfAttributes, claimsOfSnapshot]) claims.addIndex(index.name, index.of);
    this.#snapshots = kinds === undefined || !drivers.some(canSnapshot) ? undefined : new KindSources({
      kinds, informers,
      wanted: ({ kind: { group, version, plural } }) => group === VolumeSnapshot.group && version === VolumeSnapshot.version && plural === VolumeSnapshot.plural,
      keys: (_kind, snapshot) => (snapshot === undefined ? [] : claims.byIndex(claimsOfSnapshot.name, keyOf(snapshot)).filter(isPending).map(keyOf)),
    });
    this.sources = [
      source(claims, (claim, previous) => claimKeys(claim, previous)),
      source(informers.for(StorageClass), (found) => (found === undefined ? [] : claims.byIndex(pendingClaims.name, found.metadata.name).map(keyOf))),
      source(informers.for(VolumeAttributesClass), (found, previous) => (found === undefined || previous !== undefined ? [] : claims.byIndex(pendingClaimsOfAttributes.name, found.metadata.name).map(keyOf))),
      // A volume that was deleted before its claim was bound: the claim needs another.
      source(informers.for(PersistentVolume), (volume, previous) => (volume !== undefined || previous === undefined ? [] : [claimKeyOf(previous) ?? ''])),
    ];
  }

  followSources(add: (source: Source) => () => void): void {
    this.#snapshots?.follow(add);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const claim = this.#claims.get(key);
    if (claim === undefined) return;
    if (hasIntent(claim)) return this.#resume(claim, signal);
    const driver = this.#drivers.find(provisionerOf(claim));
    return driver === undefined || !wantsAnyVolume(claim) ? undefined : this.#begin(claim, driver, signal);
  }

  async #begin(claim: PersistentVolumeClaim, driver: VolumeDriver, signal: AbortSignal): Promise<ReconcileResult | void> {
    const attempt = await this.#plan(claim, driver, false, signal);
    if (attempt === undefined) return;
    const held = await this.#intents.record(claim, attempt.request, signal);
    return this.#create({ ...attempt, claim: held }, signal);
  }

  /**
   * An earlier attempt, perhaps of a process that is no more, ended who knows where, and the cache may show a claim that was dealt
   * with long ago. So the API server is asked, for the volume first: if there was none, and the claim still carries the intent
   * after that, then nobody else is at work on it or has finished it.
   */
  async #resume(cached: PersistentVolumeClaim, signal: AbortSignal): Promise<ReconcileResult | void> {
    const volume = await live(this.#client, PersistentVolume, { name: provisionedName(cached) }, signal);
    const claim = await live(this.#client, PersistentVolumeClaim, cached.metadata, signal);
    if (claim === undefined || claim.metadata.uid !== cached.metadata.uid) return;
    if (!hasIntent(claim)) return wantsAnyVolume(claim) && volume === undefined ? { requeueAfterMs: soonMs } : undefined;
    if (volume !== undefined) return this.#settle(claim, volume, signal);
    const driver = this.#drivers.find(provisionerOf(claim));
    if (driver === undefined) return this.#orphaned(claim);
    if (!wantsAnyVolume(claim)) return this.#cleanup.run(claim, driver, signal);
    const attempt = await this.#plan(claim, driver, true, signal);
    if (attempt === undefined) return;
    if (attempt.sameAsIntent || !canFind(driver)) return this.#create(attempt, signal);
    // What was asked for earlier is not what would be asked for now: start afresh.
    await this.#cleanup.run(claim, driver, signal);
    return { requeueAfterMs: soonMs };
  }

  /** The volume is stored: binding, or its reclaim once the claim is gone, goes on from there. */
  async #settle(claim: PersistentVolumeClaim, volume: PersistentVolume, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (volume.spec.claimRef?.uid !== claim.metadata.uid) {
      this.#events.warning(claim, 'ProvisioningFailed', `a PersistentVolume "${volume.metadata.name}" exists that is not this claim's`);
      return { requeueAfterMs: this.#slowRetryMs };
    }
    // While the claim waits to be bound, the intent goes with the write that binds it.
    if (!wantsAnyVolume(claim)) await this.#intents.drop(claim, signal);
  }

  #orphaned(claim: PersistentVolumeClaim): ReconcileResult {
    if (!wantsAnyVolume(claim)) {
      this.#events.warning(claim, 'ProvisioningCleanupFailed', `no driver here answers to "${provisionerOf(claim) ?? ''}", which was asked for volume ${provisionedName(claim)}`);
    }
    return { requeueAfterMs: this.#slowRetryMs };
  }

  async #plan(claim: PersistentVolumeClaim, driver: VolumeDriver, asked: boolean, signal: AbortSignal): Promise<Attempt | undefined> {
    try {
      const attempt = await this.#attempts.make(claim, driver, asked ? intentOf(claim) : undefined, signal);
      if (attempt === undefined || !isForPopulator(claim)) return attempt;
      this.#events.normal(claim, 'Provisioning', 'Assuming an external populator will provision the volume');
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      await this.#failures.planning(claim, error, asked, signal);
      return undefined;
    }
  }

  async #create(attempt: Attempt, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { claim, driver, request } = attempt;
    this.#events.normal(claim, 'Provisioning', `External provisioner is provisioning volume for claim "${keyOf(claim)}"`);
    let volume: Volume;
    try {
      volume = await this.#make(driver, request, signal);
    } catch (error) {
      signal.throwIfAborted();
      return this.#failures.creating(attempt, error, signal);
    }
    return this.#store(attempt, volume, signal);
  }

  async #make(driver: VolumeDriver, request: CreateVolumeRequest, signal: AbortSignal): Promise<Volume> {
    const volume = await withDeadline(this.#clock, signal, (bounded) => driver.create(request, bounded));
    const problem = breach(volume, request);
    if (problem === undefined) return volume;
    await withDeadline(this.#clock, signal, (bounded) => driver.delete(volume.id, bounded));
    throw new Error(problem);
  }

  async #store(attempt: Attempt, volume: Volume, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { claim, request } = attempt;
    try {
      await this.#client.create(PersistentVolume, volumeObject(attempt, volume, this.#instance), {}, signal);
    } catch (error) {
      if (StatusError.is(error, 'AlreadyExists')) {
        const stored = await this.#client.get(PersistentVolume, { name: request.name }, signal);
        if (stored.spec.claimRef?.uid !== claim.metadata.uid) return this.#settle(claim, stored, signal);
      } else {
        if (StatusError.is(error)) this.#events.warning(claim, 'ProvisioningFailed', `the volume is made but cannot be stored: ${sentence(error)}`);
        throw error;
      }
    }
    this.#events.normal(claim, 'ProvisioningSucceeded', `Successfully provisioned volume ${request.name}`);
  }
}
