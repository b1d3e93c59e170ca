import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { isObject } from '#core/api/value.ts';
import { annotationOf, isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { VolumeSnapshotClass, type VolumeSnapshot } from '#core/controllers/storage/snapshots.ts';
import { annotations } from './names.ts';
import { snapshotterOf, type SnapshotParts, type SnapshottingDriver } from './parts.ts';
import { sourceClaim } from './snapshot-objects.ts';

/** Why a snapshot cannot go on until something else changes, as its event and status say it. */
export class SnapshotProblem extends Error {
  override readonly name = 'SnapshotProblem';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

const cannot = (message: string): SnapshotProblem => new SnapshotProblem('SnapshotContentCreationFailed', `Failed to create snapshot content with error ${message}`);

/** All that is needed to ask for a snapshot of a claim. */
export interface SnapshotOrder {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly handle: string;
  readonly driver: SnapshottingDriver;
  readonly snapshotClass: VolumeSnapshotClass;
  /** The driver's own. */
  readonly parameters: Readonly<Record<string, string>>;
}

const prefix = 'csi.storage.k8s.io/';

/** @throws {SnapshotProblem} */
export function ownParameters({ metadata: { name }, parameters = {} }: VolumeSnapshotClass): Readonly<Record<string, string>> {
  const reserved = Object.keys(parameters).find((key) => key.startsWith(prefix));
  if (reserved !== undefined) throw cannot(`VolumeSnapshotClass "${name}": parameter "${reserved}" is not passed on to drivers here; configure the driver's credentials in the driver`);
  return parameters;
}

/** Puts a snapshot's claim, volume and class together. Undefined when the volume is not one of a driver that takes snapshots here. @throws {SnapshotProblem} */
export async function orderOf(snapshot: VolumeSnapshot, parts: SnapshotParts, signal: AbortSignal): Promise<SnapshotOrder | undefined> {
  const claim = claimOf(snapshot, parts);
  const volume = claim.status.phase === 'Bound' ? parts.volumes.get(claim.spec.volumeName ?? '') : undefined;
  if (volume === undefined || volume.spec.claimRef?.uid !== claim.metadata.uid) throw cannot(`the PVC ${claim.metadata.name} is not yet bound to a PV, will not attempt to take a snapshot`);
  const { driver: name, volumeHandle: handle } = volume.spec.csi ?? { driver: '', volumeHandle: '' };
  const driver = snapshotterOf(parts.drivers, name);
  if (driver === undefined) {
    // Of a driver of this process that takes none nobody else will take one.
    if (parts.drivers.find(name) === undefined) return undefined;
    throw cannot(`driver ${name} takes no snapshots`);
  }
  const snapshotClass = await classOf(snapshot, driver, parts, signal);
  return { claim, volume, handle, driver, snapshotClass, parameters: ownParameters(snapshotClass) };
}

function claimOf(snapshot: VolumeSnapshot, { claims }: SnapshotParts): PersistentVolumeClaim {
  const [key = ''] = sourceClaim(snapshot);
  const claim = claims.get(key);
  if (claim === undefined) throw cannot(`cannot get claim from snapshot: persistentvolumeclaim "${key}" not found`);
  if (isDeleting(claim)) throw cannot(`cannot add finalizer on claim "${key}" because it is being deleted`);
  return claim;
}

async function classOf({ spec: { volumeSnapshotClassName: name } }: VolumeSnapshot, driver: SnapshottingDriver, { objects, client, drivers }: SnapshotParts, signal: AbortSignal): Promise<VolumeSnapshotClass> {
  if (name === undefined) return defaultClass(driver, objects.all(VolumeSnapshotClass), drivers);
  const found = objects.get(VolumeSnapshotClass, name) ?? (await live(client, VolumeSnapshotClass, { name }, signal));
  if (found === undefined) throw cannot(`failed to get input parameters to create snapshot: volumesnapshotclass.snapshot.storage.k8s.io "${name}" not found`);
  if (drivers.find(found.driver) !== driver) throw cannot(`VolumeSnapshotClass "${name}" is for driver ${found.driver}, and the volume is of ${driver.name}`);
  return found;
}

function defaultClass(driver: SnapshottingDriver, classes: readonly VolumeSnapshotClass[], drivers: SnapshotParts['drivers']): VolumeSnapshotClass {
  const found = classes.filter((each) => drivers.find(each.driver) === driver && annotationOf(each, annotations.defaultClass) === 'true');
  const [only] = found;
  if (only === undefined) throw new SnapshotProblem('SetDefaultSnapshotClassFailed', `Failed to set default snapshot class with error cannot find default snapshot class for driver ${driver.name}`);
  if (found.length > 1) throw new SnapshotProblem('SetDefaultSnapshotClassFailed', `Failed to set default snapshot class with error ${found.length} default snapshot classes were found for driver ${driver.name}`);
  return only;
}

/** The parameters that were recorded for a content; undefined when none were, or somebody else wrote there. */
export function recordedParameters(content: KubernetesObject): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(annotationOf(content, annotations.parameters) ?? '');
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, typeof text === 'string' ? text : ''])) : undefined;
  } catch {
    return undefined;
  }
}
