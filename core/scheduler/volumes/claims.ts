import { annotations } from '#core/api/storage/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';

const annotationOf = ({ metadata }: KubernetesObject, key: string): string | undefined => metadata.annotations?.[key];

export const classOf = (object: PersistentVolume | PersistentVolumeClaim): string => annotationOf(object, annotations.betaClass) ?? object.spec.storageClassName ?? '';

export const selectedNodeOf = (claim: PersistentVolumeClaim): string | undefined => annotationOf(claim, annotations.selectedNode);

/** Joined with its volume, for good. */
export const isBound = (claim: PersistentVolumeClaim): boolean => (claim.spec.volumeName ?? '') !== '' && annotationOf(claim, annotations.bindCompleted) !== undefined;

const bytes = (amounts: Readonly<Record<string, string>> | undefined): bigint => Quantity.parse(amounts?.['storage'] ?? '0').value();

export const requestOf = (claim: PersistentVolumeClaim): bigint => bytes(claim.spec.resources.requests);
export const capacityOf = (volume: PersistentVolume): bigint => bytes(volume.spec.capacity);

/** Whether `a` is an earlier version than `b`. Versions are decimal numbers that grow; of any other kind none is earlier. */
export function isEarlier(a: KubernetesObject, b: KubernetesObject): boolean {
  const [first, second] = [a.metadata.resourceVersion, b.metadata.resourceVersion];
  return /^\d+$/.test(first) && /^\d+$/.test(second) && BigInt(first) < BigInt(second);
}
