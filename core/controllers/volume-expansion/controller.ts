import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Quantity } from '#core/api/quantity.ts';
import { annotations } from '#core/api/storage/names.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { BoundClaims } from '#core/controllers/storage/bound-claims.ts';
import { annotationOf, capacityOf, claimKeyOf, limitOf } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, TerminalError, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { canExpand, type CapacityRange, type VolumeDriver, type VolumeExpander } from '#core/spi/volume-driver.ts';
import { awaitingNode, begun, finished, infeasible } from './resize-status.ts';
import { heldBy, stateOf, targetOf, wantsMore, type Size } from './target-size.ts';

export interface VolumeExpansionOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly drivers: readonly VolumeDriver[];
  /** Volumes that grow at the same time. */
  readonly workers?: number;
  /** Wait before a driver is asked again that had no room, or wants time between two changes, and does not say how much. */
  readonly slowRetryMs?: number;
}

/** A claim that wants more, and who gives it. */
interface Task {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly driver: VolumeDriver & VolumeExpander;
  readonly target: Size;
}

/**
 * Has drivers grow the volumes of claims that ask for more than they have, in place of external-resizer (KEP-1790, RecoverVolumeExpansionFailure). The claim's
 * status says for which size a driver was asked before it is, so that a growth of unknown outcome is taken up again; one that failed for certain
 * gives way to what the claim asks for by then, which may be less. File systems are grown by the nodes, which wait for the claim to say so.
 */
export class VolumeExpansionController implements Controller {
  readonly name = 'volume-expansion';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #bound: BoundClaims;
  readonly #clock: Clock;
  readonly #drivers: DriverDirectory;
  readonly #recorder: EventRecorder;
  readonly #announcer: EventRecorder;
  readonly #slowRetryMs: number;

  constructor({ client, informers, clock, recorder, drivers, workers = 32, slowRetryMs = 5 * 60_000 }: VolumeExpansionOptions) {
    this.workers = workers;
    this.#bound = new BoundClaims(client, informers);
    this.#clock = clock;
    this.#slowRetryMs = slowRetryMs;
    this.#drivers = new DriverDirectory(drivers);
    this.#recorder = recorder;
    this.#announcer = new Announcer(recorder, clock);
    this.sources = [
      source(this.#bound.claims, (claim, previous) => (claim === undefined || (previous !== undefined && isSameTask(claim, previous)) ? [] : [keyOf(claim)])),
      source(this.#bound.volumes, (volume, previous) => (volume === undefined || (previous !== undefined && isMarked(volume) === isMarked(previous)) ? [] : [claimKeyOf(volume) ?? ''])),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const claim = this.#bound.get(key);
    const volume = claim && this.#bound.volumeOf(claim);
    if (claim === undefined || volume === undefined) return;
    if (!wantsMore(claim)) return this.#tidy(claim, volume, signal);
    const target = targetOf(claim, volume);
    const driver = target === undefined ? undefined : this.#driverFor(claim, volume);
    return target === undefined || driver === undefined ? undefined : this.#expand({ claim, volume, driver, target }, signal);
  }

  #driverFor(claim: PersistentVolumeClaim, { metadata: { name }, spec: { csi } }: PersistentVolume): Task['driver'] | undefined {
    const driver = this.#drivers.find(csi?.driver);
    if (driver !== undefined && canExpand(driver)) return driver;
    if (driver === undefined) this.#announcer.normal(claim, 'ExternalExpanding', 'waiting for an external controller to expand this PVC');
    else this.#announcer.warning(claim, 'VolumeResizeFailed', `resize volume "${name}" failed: driver ${driver.name} cannot grow volumes`);
    return undefined;
  }

  async #expand(task: Task, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { volume, driver, target } = task;
    const claim = await this.#begin(task, signal);
    let capacity: bigint;
    let nodeExpansionRequired: boolean;
    try {
      ({ capacity, nodeExpansionRequired } = await withDeadline(this.#clock, signal, (bounded) => driver.expand(volume.spec.csi?.volumeHandle ?? '', rangeOf(claim, target), bounded)));
      if (capacity < target.bytes) throw new Error(`the driver says that the volume has ${capacity} bytes now, which is less than the ${target.bytes} asked for`);
    } catch (error) {
      signal.throwIfAborted();
      return this.#failed({ ...task, claim }, error, signal);
    }
    await this.#record(claim, volume, { capacity, nodeExpansionRequired }, signal);
    if (nodeExpansionRequired) {
      await this.#bound.writeStatus(claim, awaitingNode(claim, this.#clock.now()), signal);
      this.#recorder.normal(claim, 'FileSystemResizeRequired', 'Require file system resize of volume on node');
    } else {
      await this.#bound.writeStatus(claim, finished(claim, capacity, this.#clock.now()), signal);
      this.#recorder.normal(claim, 'VolumeResizeSuccessful', 'Resize volume succeeded');
    }
  }

  async #begin({ claim, volume, target }: Task, signal: AbortSignal): Promise<PersistentVolumeClaim> {
    const change = begun(claim, target, this.#clock.now());
    if (change === undefined) return claim;
    const marked = await this.#bound.writeStatus(claim, change, signal);
    this.#announcer.normal(claim, 'Resizing', `External resizer is resizing volume ${volume.metadata.name}`);
    return marked;
  }

  /** Before the claim says that the node may grow the file system: the node takes the size from the volume. */
  async #record(claim: PersistentVolumeClaim, volume: PersistentVolume, grown: { readonly capacity: bigint; readonly nodeExpansionRequired: boolean }, signal: AbortSignal): Promise<void> {
    const mark = grown.nodeExpansionRequired && !isMarked(volume);
    if (!mark && capacityOf(volume) >= grown.capacity) return;
    // A claim that is bound anew before its file system has grown gets the size from there.
    const metadata = mark ? { annotations: { [annotations.preResizeCapacity]: heldBy(claim)?.text ?? '0' } } : {};
    const spec = capacityOf(volume) >= grown.capacity ? {} : { spec: { capacity: { storage: Quantity.ofBytes(grown.capacity).toString() } } };
    await this.#bound.patchVolume(volume, metadataPatch(volume, metadata, spec), signal);
  }

  async #failed({ claim, volume, driver }: Task, error: unknown, signal: AbortSignal): Promise<ReconcileResult> {
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 900);
    this.#announcer.warning(claim, 'VolumeResizeFailed', `resize volume "${volume.metadata.name}" by resizer "${driver.name}" failed: ${message}`);
    if (ProviderError.is(error, 'Invalid', 'NotFound', 'Exhausted')) {
      // The volume is as large as it was, for certain: from here on another size may be tried.
      await this.#bound.writeStatus(claim, infeasible(claim, message, this.#clock.now()), signal);
      if (error.reason !== 'Exhausted') throw new TerminalError(error.message, { cause: error });
      return { requeueAfterMs: error.retryAfterMs ?? this.#slowRetryMs };
    }
    if (ProviderError.is(error) && error.retryAfterMs !== undefined) return { requeueAfterMs: error.retryAfterMs };
    throw error;
  }

  /** The file system has grown: what the volume says of its size before is true no longer. */
  async #tidy(claim: PersistentVolumeClaim, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
    if (!isMarked(volume) || this.#drivers.find(volume.spec.csi?.driver) === undefined || (heldBy(claim)?.bytes ?? 0n) < capacityOf(volume)) return;
    await this.#bound.patchVolume(volume, metadataPatch(volume, { annotations: { [annotations.preResizeCapacity]: null } }), signal);
  }
}

const isMarked = (volume: PersistentVolume): boolean => annotationOf(volume, annotations.preResizeCapacity) !== undefined;

function rangeOf(claim: PersistentVolumeClaim, { bytes }: Size): CapacityRange {
  const limit = limitOf(claim);
  return { required: bytes, ...(limit === undefined || limit < bytes ? {} : { limit }) };
}

/** What this controller writes of its own work is no reason to look at the claim again; that a node cannot go on is. */
const isSameTask = (a: PersistentVolumeClaim, b: PersistentVolumeClaim): boolean =>
  a.status.phase === b.status.phase && deepEqual(a.spec, b.spec) && deepEqual(a.status.capacity, b.status.capacity) &&
  (stateOf(a) === 'NodeResizeInfeasible') === (stateOf(b) === 'NodeResizeInfeasible');
