import { StatusError } from '#core/api/status-error.ts';
import { annotationOf, hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { live } from '#core/controllers/storage/live.ts';
import { metadataPatch, withFinalizer, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { isReady, VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { TerminalError, type ReconcileResult } from '#core/reconcile/controller.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { canFindSnapshots, type Snapshot } from '#core/spi/volume-driver.ts';
import { annotations, finalizers, snapshotName } from './names.ts';
import { snapshotterOf, type SnapshotParts, type SnapshottingDriver } from './parts.ts';
import { ownParameters, recordedParameters } from './snapshot-order.ts';

type Status = NonNullable<VolumeSnapshotContent['status']>;

/** Wait before a driver is asked again that had no room, or has something else of that name. */
const slowRetryMs = 5 * 60_000;
const mostWaitMs = 60_000;

/** Looks after VolumeSnapshotContents of drivers of this process, as csi-snapshotter does. */
export class ContentSync {
  readonly #parts: SnapshotParts;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  async sync(content: VolumeSnapshotContent, signal: AbortSignal): Promise<ReconcileResult | void> {
    const driver = snapshotterOf(this.#parts.drivers, content.spec.driver);
    if (driver === undefined) return;
    if (isDeleting(content)) return this.#remove(content, driver, signal);
    if (annotationOf(content, annotations.beingDeleted) !== undefined) return;
    if (isReady(content)) return this.#forget(content, signal);
    return this.#take(content, driver, signal);
  }

  async #take(seen: VolumeSnapshotContent, driver: SnapshottingDriver, signal: AbortSignal): Promise<ReconcileResult | void> {
    let content = seen;
    let snapshot: Snapshot;
    try {
      content = await this.#begin(seen, signal);
      snapshot = await this.#ask(content, driver, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The object's own writes fail here too.
      if (StatusError.is(error)) throw error;
      return this.#failed(content, error, signal);
    }
    const { id: snapshotHandle, size, createdAt, ready: readyToUse } = snapshot;
    content = await this.#write(content, { snapshotHandle, readyToUse, creationTime: createdAt * 1e6, ...(size > 0n ? { restoreSize: Number(size) } : {}), error: null }, signal);
    if (!readyToUse) return { requeueAfterMs: this.#patience(content) };
    await this.#forget(content, signal);
  }

  /** Intent before effect: from here on something may be on the platform, and the content cannot go without it. */
  async #begin(content: VolumeSnapshotContent, signal: AbortSignal): Promise<VolumeSnapshotContent> {
    const { source, volumeSnapshotRef, volumeSnapshotClassName: className = '' } = content.spec;
    // One that was brought along and that nobody has claimed yet.
    if (source.volumeHandle === undefined) return hasFinalizer(content, finalizers.content) || volumeSnapshotRef.uid === undefined ? content : this.#patch(content, { finalizers: withFinalizer(content, finalizers.content) }, signal);
    if (annotationOf(content, annotations.beingCreated) !== undefined) return content;
    const recorded = JSON.stringify(recordedParameters(content) ?? (await this.#parameters(className, signal)));
    return this.#patch(content, { finalizers: withFinalizer(content, finalizers.content), annotations: { [annotations.beingCreated]: 'yes', [annotations.parameters]: recorded } }, signal);
  }

  /** For a content that was made by somebody else. */
  async #parameters(className: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const found = this.#parts.objects.get(VolumeSnapshotClass, className) ?? (await live(this.#parts.client, VolumeSnapshotClass, { name: className }, signal));
    if (found === undefined) throw new ProviderError('Invalid', `failed to take snapshot without a snapshot class: volumesnapshotclass.snapshot.storage.k8s.io "${className}" not found`);
    return ownParameters(found);
  }

  async #ask(content: VolumeSnapshotContent, driver: SnapshottingDriver, signal: AbortSignal): Promise<Snapshot> {
    const { source: { volumeHandle, snapshotHandle }, volumeSnapshotRef: { uid = content.metadata.uid } } = content.spec;
    if (volumeHandle !== undefined) {
      const parameters = recordedParameters(content) ?? {};
      const snapshot = await withDeadline(this.#parts.clock, signal, (bounded) => driver.createSnapshot(snapshotName(uid), volumeHandle, parameters, bounded));
      if (snapshot.id === '' || Buffer.byteLength(snapshot.id) > 128) throw new Error(`the driver gave the snapshot the id "${snapshot.id.slice(0, 128)}", which is not between 1 and 128 bytes long`);
      return snapshot;
    }
    const id = snapshotHandle ?? '';
    if (!canFindSnapshots(driver)) return { id, sourceVolumeId: '', size: 0n, createdAt: this.#parts.clock.now(), ready: true };
    const found = await withDeadline(this.#parts.clock, signal, (bounded) => driver.findSnapshot(id, bounded));
    if (found === undefined) throw new ProviderError('Exhausted', `driver ${driver.name} has no snapshot "${id}"`);
    return found;
  }

  async #failed(content: VolumeSnapshotContent, error: unknown, signal: AbortSignal): Promise<ReconcileResult> {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 900);
    const { volumeHandle } = content.spec.source;
    const message = volumeHandle === undefined ? `Failed to check and update snapshot content: ${reason}` : `Failed to create snapshot: failed to take snapshot of the volume ${volumeHandle}: "${reason}"`;
    this.#parts.events.warning(content, volumeHandle === undefined ? 'SnapshotContentCheckandUpdateFailed' : 'SnapshotCreationFailed', message);
    const told = content.status?.error?.message === message ? content : await this.#write(content, { readyToUse: false, error: { time: rfc3339(this.#parts.clock.now()), message } }, signal);
    if (ProviderError.is(error, 'Invalid', 'NotFound')) {
      await this.#forget(told, signal);
      throw new TerminalError(message, { cause: error });
    }
    if (ProviderError.is(error, 'Exhausted', 'AlreadyExists')) return { requeueAfterMs: error.retryAfterMs ?? slowRetryMs };
    if (ProviderError.is(error) && error.retryAfterMs !== undefined) return { requeueAfterMs: error.retryAfterMs };
    throw error;
  }

  /** The driver is not asked again. */
  async #forget(content: VolumeSnapshotContent, signal: AbortSignal): Promise<void> {
    if (annotationOf(content, annotations.beingCreated) !== undefined) await this.#patch(content, { annotations: { [annotations.beingCreated]: null, [annotations.parameters]: null } }, signal);
  }

  /** The longer it takes, the rarer it is asked after. */
  #patience({ metadata: { creationTimestamp } }: VolumeSnapshotContent): number {
    const age = this.#parts.clock.now() - Date.parse(creationTimestamp);
    return Math.min(mostWaitMs, Math.max(1000, age / 4));
  }

  async #remove(content: VolumeSnapshotContent, driver: SnapshottingDriver, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (!hasFinalizer(content, finalizers.content) || !(await this.#mayGo(content, signal))) return;
    if (content.spec.deletionPolicy === 'Delete') {
      try {
        const id = await this.#handleOf(content, driver, signal);
        if (id !== undefined) await withDeadline(this.#parts.clock, signal, (bounded) => driver.deleteSnapshot(id, bounded));
      } catch (error) {
        signal.throwIfAborted();
        if (!ProviderError.is(error, 'NotFound')) return this.#notRemoved(content, error, signal);
      }
    }
    await this.#letGo(content, signal);
  }

  /** Somebody who deletes a content whose VolumeSnapshot lives has to wait for that. */
  async #mayGo(content: VolumeSnapshotContent, signal: AbortSignal): Promise<boolean> {
    const { namespace, name, uid } = content.spec.volumeSnapshotRef;
    if (uid === undefined || annotationOf(content, annotations.beingDeleted) !== undefined) return true;
    const owner = await live(this.#parts.client, VolumeSnapshot, { namespace, name }, signal);
    return owner?.metadata.uid !== uid;
  }

  /** Undefined when nothing is on the platform for certain. The same call again returns what an earlier one made, or refuses. */
  async #handleOf(content: VolumeSnapshotContent, driver: SnapshottingDriver, signal: AbortSignal): Promise<string | undefined> {
    const known = content.status?.snapshotHandle ?? content.spec.source.snapshotHandle;
    if (known !== undefined || annotationOf(content, annotations.beingCreated) === undefined) return known;
    try {
      return (await this.#ask(content, driver, signal)).id;
    } catch (error) {
      if (ProviderError.is(error, 'Invalid', 'Exhausted', 'NotFound')) return undefined;
      throw error;
    }
  }

  async #notRemoved(content: VolumeSnapshotContent, error: unknown, signal: AbortSignal): Promise<ReconcileResult> {
    const message = `Failed to delete snapshot: ${(error instanceof Error ? error.message : String(error)).slice(0, 900)}`;
    this.#parts.events.warning(content, 'SnapshotDeleteError', message);
    if (content.status?.error?.message !== message) await this.#write(content, { error: { time: rfc3339(this.#parts.clock.now()), message } }, signal);
    if (ProviderError.is(error) && error.retryAfterMs !== undefined) return { requeueAfterMs: error.retryAfterMs };
    throw error;
  }

  async #letGo(content: VolumeSnapshotContent, signal: AbortSignal): Promise<void> {
    try {
      await this.#patch(content, { finalizers: withoutFinalizer(content, finalizers.content) }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }

  async #patch(content: VolumeSnapshotContent, metadata: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<VolumeSnapshotContent> {
    const { client, objects } = this.#parts;
    return objects.note(await client.patch(VolumeSnapshotContent, content.metadata, metadataPatch(content, metadata), {}, signal), VolumeSnapshotContent);
  }

  async #write(content: VolumeSnapshotContent, status: { readonly [K in keyof Status]: Status[K] | null }, signal: AbortSignal): Promise<VolumeSnapshotContent> {
    const { client, objects } = this.#parts;
    return objects.note(await client.patchStatus(VolumeSnapshotContent, content.metadata, metadataPatch(content, {}, { status }), {}, signal), VolumeSnapshotContent);
  }
}
