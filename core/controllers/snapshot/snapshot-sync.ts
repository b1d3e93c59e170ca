import { Quantity } from '#core/api/quantity.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { apiVersionOf, type Draft } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf } from '#core/client/client.ts';
import { annotationOf, hasFinalizer, hasIntent, isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { metadataPatch, withFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { claimsOfSnapshot, isBoundTo, isReady, VolumeSnapshot, VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { annotations, contentName, finalizers } from './names.ts';
import { snapshotterOf, type SnapshotParts } from './parts.ts';
import { orderOf, SnapshotProblem, type SnapshotOrder } from './snapshot-order.ts';

type Status = NonNullable<VolumeSnapshot['status']>;
type Changes = { readonly [K in keyof Status]: Status[K] | null };

/** Looks after VolumeSnapshots, as snapshot-controller does: each has its content, says what that says, and goes after it. */
export class SnapshotSync {
  readonly #parts: SnapshotParts;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  async sync(snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void> {
    if (isDeleting(snapshot)) return this.#release(snapshot, signal);
    try {
      const brought = snapshot.spec.source.volumeSnapshotContentName;
      await (brought === undefined ? this.#take(snapshot, signal) : this.#adopt(snapshot, brought, signal));
    } catch (error) {
      if (!(error instanceof SnapshotProblem)) throw error;
      await this.#report(this.#newest(snapshot), error, signal);
    }
  }

  #newest(snapshot: VolumeSnapshot): VolumeSnapshot {
    return this.#parts.objects.get(VolumeSnapshot, keyOf(snapshot)) ?? snapshot;
  }

  async #take(snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void> {
    const { objects, client, drivers } = this.#parts;
    const name = contentName(snapshot);
    const known = objects.get(VolumeSnapshotContent, name) ?? (snapshot.status?.boundVolumeSnapshotContentName === undefined ? undefined : await live(client, VolumeSnapshotContent, { name }, signal));
    if (known === undefined && isReady(snapshot)) throw new SnapshotProblem('SnapshotContentMissing', 'VolumeSnapshotContent is missing');
    const content = known ?? (await this.#order(snapshot, signal));
    if (content === undefined || snapshotterOf(drivers, content.spec.driver) === undefined) return;
    if (!isBoundTo(content, snapshot)) throw new SnapshotProblem('SnapshotContentMisbound', `VolumeSnapshotContent [${name}] is bound to a different snapshot`);
    await this.#mirror(this.#newest(snapshot), content, signal);
  }

  /** Nothing is asked for before snapshot and claim are held, and nothing is lost by asking twice. */
  async #order(snapshot: VolumeSnapshot, signal: AbortSignal): Promise<VolumeSnapshotContent | undefined> {
    const order = await orderOf(snapshot, this.#parts, signal);
    if (order === undefined) return undefined;
    const held = await this.#hold(snapshot, order.snapshotClass.deletionPolicy, signal, { volumeSnapshotClassName: order.snapshotClass.metadata.name });
    await this.#holdClaim(order.claim, signal);
    const { client, objects, events } = this.#parts;
    try {
      const made = await client.create(VolumeSnapshotContent, contentFor(held, order), {}, signal);
      events.normal(snapshot, 'CreatingSnapshot', `Waiting for a snapshot ${keyOf(snapshot)} to be created by the CSI driver.`);
      return objects.note(made, VolumeSnapshotContent);
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
      return client.get(VolumeSnapshotContent, { name: contentName(snapshot) }, signal);
    }
  }

  async #adopt(snapshot: VolumeSnapshot, name: string, signal: AbortSignal): Promise<void> {
    const { objects, client, drivers } = this.#parts;
    const content = objects.get(VolumeSnapshotContent, name) ?? (await live(client, VolumeSnapshotContent, { name }, signal));
    if (content === undefined) throw new SnapshotProblem('SnapshotContentMissing', 'VolumeSnapshotContent is missing');
    if (snapshotterOf(drivers, content.spec.driver) === undefined) return;
    if (content.spec.source.snapshotHandle === undefined) throw new SnapshotProblem('SnapshotContentMismatch', 'VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one');
    const { volumeSnapshotRef: to } = content.spec;
    const { uid, namespace = '', name: own } = snapshot.metadata;
    if (to.name !== own || to.namespace !== namespace || (to.uid ?? uid) !== uid) throw new SnapshotProblem('SnapshotContentMisbound', `VolumeSnapshotContent [${name}] is bound to a different snapshot`);
    const held = await this.#hold(snapshot, content.spec.deletionPolicy, signal);
    await this.#mirror(held, to.uid === undefined ? await this.#bind(content, snapshot, signal) : content, signal);
  }

  async #bind(content: VolumeSnapshotContent, { metadata, spec }: VolumeSnapshot, signal: AbortSignal): Promise<VolumeSnapshotContent> {
    const { client, objects } = this.#parts;
    const { volumeSnapshotClassName: className } = spec;
    const patch = metadataPatch(content, { finalizers: withFinalizer(content, finalizers.content) }, {
      spec: { volumeSnapshotRef: { ...content.spec.volumeSnapshotRef, uid: metadata.uid }, ...(className === undefined ? {} : { volumeSnapshotClassName: className }) },
    });
    return objects.note(await client.patch(VolumeSnapshotContent, content.metadata, patch, {}, signal), VolumeSnapshotContent);
  }

  /** Only this very version, so that nothing is made for one that is being deleted. */
  async #hold(snapshot: VolumeSnapshot, policy: string, signal: AbortSignal, spec: Readonly<Record<string, string>> = {}): Promise<VolumeSnapshot> {
    const wanted = [finalizers.source, ...(policy === 'Delete' ? [finalizers.bound] : [])].filter((name) => !hasFinalizer(snapshot, name));
    const isSame = Object.entries(spec).every(([key, value]) => (snapshot.spec as Readonly<Record<string, unknown>>)[key] === value);
    if (wanted.length === 0 && isSame) return snapshot;
    const patch = metadataPatch(snapshot, { finalizers: [...(snapshot.metadata.finalizers ?? []), ...wanted] }, { spec });
    return this.#parts.objects.note(await this.#parts.client.patch(VolumeSnapshot, snapshot.metadata, patch, {}, signal), VolumeSnapshot);
  }

  async #holdClaim(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    if (hasFinalizer(claim, finalizers.claim)) return;
    await this.#parts.client.patch(PersistentVolumeClaim, claim.metadata, metadataPatch(claim, { finalizers: withFinalizer(claim, finalizers.claim) }), {}, signal);
  }

  async #mirror(snapshot: VolumeSnapshot, content: VolumeSnapshotContent, signal: AbortSignal): Promise<void> {
    const { status = {} } = content;
    const wrote = await this.#write(snapshot, {
      boundVolumeSnapshotContentName: content.metadata.name, readyToUse: status.readyToUse ?? false, error: status.error ?? null,
      ...(status.creationTime === undefined ? {} : { creationTime: rfc3339(status.creationTime / 1e6) }),
      ...(status.restoreSize === undefined ? {} : { restoreSize: Quantity.ofBytes(BigInt(status.restoreSize)).toString() }),
    }, signal);
    if (!wrote) return;
    const { events } = this.#parts;
    if (snapshot.status?.creationTime === undefined && status.creationTime !== undefined) events.normal(snapshot, 'SnapshotCreated', `Snapshot ${keyOf(snapshot)} was successfully created by the CSI driver.`);
    if (!isReady(snapshot) && isReady(content)) events.normal(snapshot, 'SnapshotReady', `Snapshot ${keyOf(snapshot)} is ready to use.`);
  }

  async #report(snapshot: VolumeSnapshot, { reason, message }: SnapshotProblem, signal: AbortSignal): Promise<void> {
    this.#parts.events.warning(snapshot, reason, message);
    if (snapshot.status?.error?.message !== message) await this.#write(snapshot, { readyToUse: false, error: { time: rfc3339(this.#parts.clock.now()), message } }, signal);
  }

  /** @returns whether there was anything to write */
  async #write(snapshot: VolumeSnapshot, status: Changes, signal: AbortSignal): Promise<boolean> {
    const known: Changes = snapshot.status ?? {};
    const isSame = (key: keyof Status): boolean => (key === 'error' ? known.error?.message === status.error?.message : (known[key] ?? null) === status[key]);
    if ((Object.keys(status) as (keyof Status)[]).every(isSame)) return false;
    const { client, objects } = this.#parts;
    objects.note(await client.patchStatus(VolumeSnapshot, snapshot.metadata, metadataPatch(snapshot, {}, { status }), {}, signal), VolumeSnapshot);
    return true;
  }

  /** The content goes first, unless it is to stay. */
  async #release(snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void> {
    const { client, objects, drivers, events } = this.#parts;
    const ours: readonly string[] = [finalizers.bound, finalizers.source];
    if (!ours.some((name) => hasFinalizer(snapshot, name))) return;
    const name = snapshot.status?.boundVolumeSnapshotContentName ?? snapshot.spec.source.volumeSnapshotContentName ?? contentName(snapshot);
    // The cache may not show yet what was made last.
    const content = await live(client, VolumeSnapshotContent, { name }, signal);
    if (content !== undefined && isBoundTo(content, snapshot)) {
      if (snapshotterOf(drivers, content.spec.driver) === undefined) return;
      if (this.#isUsed(snapshot)) return events.warning(snapshot, 'SnapshotDeletePending', 'Snapshot is being used to restore a PVC');
      const told = await this.#tell(content, signal);
      if (content.spec.deletionPolicy === 'Delete') return isDeleting(told) ? undefined : client.delete(VolumeSnapshotContent, { name }, { preconditions: { uid: content.metadata.uid } }, signal);
    }
    const left = (snapshot.metadata.finalizers ?? []).filter((each) => !ours.includes(each));
    objects.note(await client.patch(VolumeSnapshot, snapshot.metadata, metadataPatch(snapshot, { finalizers: left }), {}, signal), VolumeSnapshot);
  }

  async #tell(content: VolumeSnapshotContent, signal: AbortSignal): Promise<VolumeSnapshotContent> {
    if (annotationOf(content, annotations.beingDeleted) !== undefined) return content;
    const { client, objects } = this.#parts;
    return objects.note(await client.patch(VolumeSnapshotContent, content.metadata, metadataPatch(content, { annotations: { [annotations.beingDeleted]: 'yes' } }), {}, signal), VolumeSnapshotContent);
  }

  #isUsed(snapshot: VolumeSnapshot): boolean {
    return this.#parts.claims.byIndex(claimsOfSnapshot.name, keyOf(snapshot)).some((claim) => claim.status.phase === 'Pending' && (!isDeleting(claim) || hasIntent(claim)));
  }
}

/** With the finalizer and the record of what is asked for from the start. */
function contentFor(snapshot: VolumeSnapshot, { volume, handle, snapshotClass, parameters }: SnapshotOrder): Draft<VolumeSnapshotContent> {
  const { namespace = '', name, uid, resourceVersion } = snapshot.metadata;
  const reference = { apiVersion: apiVersionOf(VolumeSnapshot), kind: VolumeSnapshot.kind, namespace, name, uid, resourceVersion };
  return {
    metadata: { name: contentName(snapshot), finalizers: [finalizers.content], annotations: { [annotations.beingCreated]: 'yes', [annotations.parameters]: JSON.stringify(parameters) } },
    spec: {
      driver: volume.spec.csi?.driver ?? '', deletionPolicy: snapshotClass.deletionPolicy, volumeSnapshotClassName: snapshotClass.metadata.name,
      source: { volumeHandle: handle }, sourceVolumeMode: volume.spec.volumeMode ?? 'Filesystem', volumeSnapshotRef: reference,
    },
  };
}
