import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { annotationOf, claimKeyOf, hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { metadataPatch, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { claimsOfSnapshot, isReady, VolumeSnapshot, VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import { canSnapshot, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { ContentSync } from './content-sync.ts';
import { annotations, contentName, finalizers } from './names.ts';
import type { SnapshotParts } from './parts.ts';
import { SnapshotObjects, sourceClaim } from './snapshot-objects.ts';
import { SnapshotSync } from './snapshot-sync.ts';

export interface SnapshotControllerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly kinds: ServedKinds;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly drivers: readonly VolumeDriver[];
  /** Snapshots that are taken at the same time. */
  readonly workers?: number;
}

const snapshotKey = 'snapshot ';
const contentKey = 'content ';
const claimKey = 'claim ';
const lookAgainMs = 200;

/**
 * Has drivers take, and delete, the snapshots for which VolumeSnapshots ask, in place of snapshot-controller and csi-snapshotter: a VolumeSnapshot gets
 * a content, stored with a finalizer and the arguments before its driver is asked, and goes after it. What is of drivers of other processes is left alone.
 */
export class SnapshotController implements Controller {
  readonly name = 'snapshot';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #parts: SnapshotParts;
  readonly #snapshots: SnapshotSync;
  readonly #contents: ContentSync;
  readonly #works: boolean;

  constructor({ client, informers, kinds, clock, recorder, drivers, workers = 32 }: SnapshotControllerOptions) {
    this.workers = workers;
    this.#works = drivers.some(canSnapshot);
    const [claims, volumes] = [informers.for(PersistentVolumeClaim), informers.for(PersistentVolume)];
    claims.addIndex(claimsOfSnapshot.name, claimsOfSnapshot.of);
    const objects = new SnapshotObjects({ informers, kinds: this.#works ? kinds : nothing, keys: (kind, object, previous) => this.#keys(kind, object, previous) });
    this.#parts = { client, clock, objects, claims, volumes, drivers: new DriverDirectory(drivers), events: new Announcer(recorder, clock) };
    this.#snapshots = new SnapshotSync(this.#parts);
    this.#contents = new ContentSync(this.#parts);
    this.sources = this.#works ? [
      source(claims, (claim, previous) => this.#ofClaim(claim, previous)),
      source(volumes, (volume, previous) => (volume === undefined || previous !== undefined ? [] : this.#waiting(claimKeyOf(volume) ?? ''))),
    ] : [];
  }

  followSources(add: (source: Source) => () => void): void {
    if (this.#works) this.#parts.objects.follow(add);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { objects } = this.#parts;
    if (key.startsWith(claimKey)) return this.#releaseClaim(key.slice(claimKey.length), signal);
    if (key.startsWith(contentKey)) {
      const content = objects.get(VolumeSnapshotContent, key.slice(contentKey.length));
      return content && this.#contents.sync(content, signal);
    }
    const snapshot = objects.get(VolumeSnapshot, key.slice(snapshotKey.length));
    return snapshot && this.#snapshots.sync(snapshot, signal);
  }

  /** A claim is held until the snapshots that are taken of it are ready, or gone. */
  async #releaseClaim(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { claims, client, objects } = this.#parts;
    const claim = claims.get(key);
    if (claim === undefined || !hasFinalizer(claim, finalizers.claim)) return;
    if (!objects.synced) return { requeueAfterMs: lookAgainMs };
    if (objects.ofClaim(key).some((snapshot) => !isReady(snapshot))) return;
    await client.patch(PersistentVolumeClaim, claim.metadata, metadataPatch(claim, { finalizers: withoutFinalizer(claim, finalizers.claim) }), {}, signal);
  }

  *#keys(kind: Kind, object: KubernetesObject | undefined, previous: KubernetesObject | undefined): Iterable<string> {
    if (kind.plural === VolumeSnapshot.plural) yield* snapshotKeys(object as VolumeSnapshot | undefined, previous as VolumeSnapshot | undefined);
    else if (kind.plural === VolumeSnapshotContent.plural) yield* contentKeys(object as VolumeSnapshotContent | undefined, previous as VolumeSnapshotContent | undefined);
    // A class that appears, or becomes the default.
    else if (object !== undefined) for (const snapshot of this.#parts.objects.all(VolumeSnapshot)) if (!isReady(snapshot)) yield `${snapshotKey}${keyOf(snapshot)}`;
  }

  *#ofClaim(claim: PersistentVolumeClaim | undefined, previous: PersistentVolumeClaim | undefined): Iterable<string> {
    const either = claim ?? previous;
    if (either === undefined || (claim !== undefined && previous !== undefined && isSameClaim(claim, previous))) return;
    yield* this.#waiting(keyOf(either));
    for (const key of claimsOfSnapshot.of(either)) yield `${snapshotKey}${key}`;
    if (claim !== undefined && hasFinalizer(claim, finalizers.claim)) yield `${claimKey}${keyOf(claim)}`;
  }

  /** Snapshots that may wait for their claim. */
  #waiting(claim: string): string[] {
    return this.#parts.objects.ofClaim(claim).filter((snapshot) => !isReady(snapshot)).map((snapshot) => `${snapshotKey}${keyOf(snapshot)}`);
  }
}

const nothing: ServedKinds = { all: [], find: () => undefined, onChange: () => () => undefined };

function* snapshotKeys(snapshot: VolumeSnapshot | undefined, previous: VolumeSnapshot | undefined): Iterable<string> {
  const either = snapshot ?? previous;
  if (either === undefined) return;
  if (snapshot === undefined || isReady(snapshot)) for (const key of sourceClaim(either)) yield `${claimKey}${key}`;
  if (snapshot === undefined) yield `${contentKey}${either.status?.boundVolumeSnapshotContentName ?? contentName(either)}`;
  else if (previous === undefined || isDeleting(snapshot) !== isDeleting(previous) || !deepEqual(snapshot.spec, previous.spec)) yield `${snapshotKey}${keyOf(snapshot)}`;
}

function* contentKeys(content: VolumeSnapshotContent | undefined, previous: VolumeSnapshotContent | undefined): Iterable<string> {
  const either = content ?? previous;
  if (either === undefined) return;
  const { namespace, name } = either.spec.volumeSnapshotRef;
  if (content === undefined || previous === undefined || !deepEqual(content.status, previous.status)) yield `${snapshotKey}${namespace}/${name}`;
  if (content !== undefined && (previous === undefined || !isSameTask(content, previous))) yield `${contentKey}${content.metadata.name}`;
}

/** What is written of the driver's answers is this controller's own doing. */
const isSameTask = (a: VolumeSnapshotContent, b: VolumeSnapshotContent): boolean =>
  isDeleting(a) === isDeleting(b) && annotationOf(a, annotations.beingDeleted) === annotationOf(b, annotations.beingDeleted) && deepEqual(a.spec, b.spec);

const isSameClaim = (a: PersistentVolumeClaim, b: PersistentVolumeClaim): boolean =>
  a.status.phase === b.status.phase && a.spec.volumeName === b.spec.volumeName && isDeleting(a) === isDeleting(b) && deepEqual(a.metadata.finalizers, b.metadata.finalizers);
