import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { CSIStorageCapacity, StorageClass } from '#core/api/schema/storage-v1.ts';
import { Quantity } from '#core/api/quantity.ts';
import { compile } from '#core/scheduler/model/affinity-term.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { nodeSelectorMatcher } from '#core/scheduler/model/node-matcher.ts';
import { capacityOf, requestOf } from './claims.ts';

/** Whether the volume can be reached from the node. */
export function isReachable({ spec: { nodeAffinity } }: PersistentVolume, node: NodeInfo): boolean {
  return nodeAffinity?.required === undefined || nodeSelectorMatcher(nodeAffinity.required)(node);
}

/** Whether somebody kept the volume for this claim. */
export function isKeptFor({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  if (claimRef?.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return (claimRef.uid ?? '') === '' || claimRef.uid === metadata.uid;
}

/** Whether the claim could have the volume, wherever that is. Who kept a volume for a claim has chosen it whatever its labels and modes. */
export function suits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.metadata.deletionTimestamp !== undefined || capacityOf(volume) < requestOf(claim) || !isAlike(volume, claim)) return false;
  return isKeptFor(volume, claim) || (isFree(volume) && isAskedFor(volume, claim));
}

const isFree = ({ spec, status }: PersistentVolume): boolean => spec.claimRef === undefined && status?.phase === 'Available';

const isAlike = ({ spec: volume }: PersistentVolume, { spec: claim }: PersistentVolumeClaim): boolean =>
  (volume.volumeMode ?? 'Filesystem') === (claim.volumeMode ?? 'Filesystem') && (volume.volumeAttributesClassName ?? '') === (claim.volumeAttributesClassName ?? '');

const isAskedFor = ({ metadata, spec }: PersistentVolume, { spec: { accessModes = [], selector } }: PersistentVolumeClaim): boolean =>
  accessModes.every((mode) => spec.accessModes?.includes(mode)) && (selector === undefined || compile(selector).matches(metadata.labels));

/** The volume that was kept for the claim, or the smallest that suits it. */
export function bestVolume(volumes: readonly PersistentVolume[], claim: PersistentVolumeClaim): PersistentVolume | undefined {
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (isKeptFor(volume, claim)) return volume;
    if (best === undefined || capacityOf(volume) < capacityOf(best)) best = volume;
  }
  return best;
}

/** Whether the class makes volumes that can be reached from the node. */
export function isAllowed({ allowedTopologies = [] }: StorageClass, node: NodeInfo): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) => matchLabelExpressions.length > 0 && matchLabelExpressions.every(({ key, values }) => {
    const value = node.label(key);
    return value !== undefined && values.includes(value);
  }));
}

/** Whether some storage in reach of the node has room for the claim. */
export function hasRoom(capacities: readonly CSIStorageCapacity[], claim: PersistentVolumeClaim, node: NodeInfo): boolean {
  const wanted = requestOf(claim);
  return capacities.some((capacity) => {
    const limit = volumeLimit(capacity);
    return limit !== undefined && limit >= wanted && capacity.nodeTopology !== undefined && compile(capacity.nodeTopology).matches(node.labels);
  });
}

/** The largest volume that can be made there, in bytes. */
export function volumeLimit({ capacity, maximumVolumeSize }: CSIStorageCapacity): bigint | undefined {
  const limit = maximumVolumeSize ?? capacity;
  return limit === undefined ? undefined : Quantity.parse(limit).value();
}
