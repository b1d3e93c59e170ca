import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { BoundClaims } from '#core/controllers/storage/bound-claims.ts';
import { claimKeyOf } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, TerminalError, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { canModify, type VolumeDriver, type VolumeModifier } from '#core/spi/volume-driver.ts';
import { begun, completed, currentClass, failed, pending, uncertainTarget, wantedClass, withdrawn } from './modify-status.ts';

export interface VolumeModificationOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly drivers: readonly VolumeDriver[];
  /** Volumes that change at the same time. */
  readonly workers?: number;
  /** Wait before a driver is asked again that wants time between two changes, and does not say how much. */
  readonly slowRetryMs?: number;
}

/** A claim whose volume is to be as a class says. */
interface Task {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly driver: VolumeDriver & VolumeModifier;
  readonly target: VolumeAttributesClass;
}

const claimsOfClass = { name: 'claims-to-modify-to-class', of: (claim: PersistentVolumeClaim): string[] => (hasWork(claim) ? [wantedClass(claim)] : []) };

/**
 * Has drivers change volumes to the VolumeAttributesClass that their claims ask for, in place of external-resizer (KEP-3751). The claim's status names the class
 * before its driver is asked, so that a change of unknown outcome is taken up again. A claim that goes back to the class it had has that one applied anew.
 */
export class VolumeModificationController implements Controller {
  readonly name = 'volume-modification';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #bound: BoundClaims;
  readonly #clock: Clock;
  readonly #classes: Informer<VolumeAttributesClass>;
  readonly #drivers: DriverDirectory;
  readonly #recorder: EventRecorder;
  readonly #announcer: EventRecorder;
  readonly #slowRetryMs: number;

  constructor({ client, informers, clock, recorder, drivers, workers = 32, slowRetryMs = 5 * 60_000 }: VolumeModificationOptions) {
    this.workers = workers;
    this.#bound = new BoundClaims(client, informers);
    this.#clock = clock;
    this.#slowRetryMs = slowRetryMs;
    this.#drivers = new DriverDirectory(drivers);
    this.#recorder = recorder;
    this.#announcer = new Announcer(recorder, clock);
    this.#classes = informers.for(VolumeAttributesClass);
    const { claims, volumes } = this.#bound;
    claims.addIndex(claimsOfClass.name, claimsOfClass.of);
    this.sources = [
      source(claims, (claim, previous) => (claim === undefined || !hasWork(claim) || (previous !== undefined && isSameTask(claim, previous)) ? [] : [keyOf(claim)])),
      source(volumes, (volume, previous) => (volume === undefined || previous !== undefined ? [] : [claimKeyOf(volume) ?? ''])),
      source(this.#classes, (found, previous) => (found === undefined || previous?.metadata.uid === found.metadata.uid ? [] : claims.byIndex(claimsOfClass.name, found.metadata.name).map(keyOf))),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const claim = this.#bound.get(key);
    const volume = claim && this.#bound.volumeOf(claim);
    if (claim === undefined || volume === undefined || !hasWork(claim)) return;
    const wanted = wantedClass(claim);
    if (wanted === currentClass(claim) && uncertainTarget(claim) === undefined) return this.#write(claim, withdrawn(claim, this.#clock.now()), signal);
    const driver = this.#driverFor(claim, volume);
    if (driver === undefined) return;
    const target = this.#classes.get(wanted);
    if (target === undefined) return this.#write(claim, pending(claim, this.#clock.now()), signal);
    return this.#modify({ claim, volume, driver, target }, signal);
  }

  #driverFor(claim: PersistentVolumeClaim, { spec: { csi } }: PersistentVolume): Task['driver'] | undefined {
    const driver = this.#drivers.find(csi?.driver);
    if (driver === undefined || canModify(driver)) return driver;
    this.#announcer.warning(claim, 'VolumeModifyFailed', `driver ${driver.name} cannot apply VolumeAttributesClass "${wantedClass(claim)}": it does not modify volumes`);
    return undefined;
  }

  async #modify(task: Task, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { volume, driver, target } = task;
    const { name } = target.metadata;
    const claim = await this.#begin(task, signal);
    try {
      this.#checkDriver(target, volume);
      await withDeadline(this.#clock, signal, (bounded) => driver.modify(volume.spec.csi?.volumeHandle ?? '', target.parameters ?? {}, bounded));
    } catch (error) {
      signal.throwIfAborted();
      return this.#failed({ ...task, claim }, error, signal);
    }
    // First the volume: a claim that is done is not looked at again.
    if (volume.spec.volumeAttributesClassName !== name) await this.#bound.patchVolume(volume, metadataPatch(volume, {}, { spec: { volumeAttributesClassName: name } }), signal);
    await this.#write(claim, completed(claim, name, this.#clock.now()), signal);
    this.#recorder.normal(claim, 'VolumeModifySuccessful', `external resizer modified volume ${claim.metadata.name} with vac ${name} successfully`);
  }

  async #begin({ claim, target: { metadata: { name } } }: Task, signal: AbortSignal): Promise<PersistentVolumeClaim> {
    const change = begun(claim, name, this.#clock.now());
    if (change === undefined) return claim;
    const marked = await this.#bound.writeStatus(claim, change, signal);
    this.#announcer.normal(claim, 'VolumeModify', `external resizer is modifying volume ${claim.metadata.name} with vac ${name}`);
    return marked;
  }

  #checkDriver({ metadata: { name }, driverName }: VolumeAttributesClass, { spec: { csi } }: PersistentVolume): void {
    if (this.#drivers.find(driverName) === this.#drivers.find(csi?.driver)) return;
    throw new ProviderError('Invalid', `VolumeAttributesClass "${name}" is for driver ${driverName}, and the volume is of ${csi?.driver}`);
  }

  async #failed({ claim, target }: Task, error: unknown, signal: AbortSignal): Promise<ReconcileResult> {
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 900);
    this.#announcer.warning(claim, 'VolumeModifyFailed', message);
    const isFinal = ProviderError.is(error, 'Invalid', 'NotFound');
    await this.#write(claim, failed(claim, target.metadata.name, { message, isFinal }, this.#clock.now()), signal);
    if (isFinal) throw new TerminalError(message, { cause: error });
    if (ProviderError.is(error, 'Exhausted')) return { requeueAfterMs: error.retryAfterMs ?? this.#slowRetryMs };
    if (ProviderError.is(error) && error.retryAfterMs !== undefined) return { requeueAfterMs: error.retryAfterMs };
    throw error;
  }

  async #write(claim: PersistentVolumeClaim, change: Readonly<Record<string, unknown>> | undefined, signal: AbortSignal): Promise<void> {
    if (change !== undefined) await this.#bound.writeStatus(claim, change, signal);
  }
}

/** Asks for another class than it has, or may not have the one that it has. */
const hasWork = (claim: PersistentVolumeClaim): boolean =>
  claim.status.phase === 'Bound' && wantedClass(claim) !== '' && (wantedClass(claim) !== currentClass(claim) || claim.status.modifyVolumeStatus !== undefined);

/** What this controller writes of its own work is no reason to look at the claim again. */
const isSameTask = (a: PersistentVolumeClaim, b: PersistentVolumeClaim): boolean =>
  a.status.phase === b.status.phase && deepEqual(a.spec, b.spec) && currentClass(a) === currentClass(b);
