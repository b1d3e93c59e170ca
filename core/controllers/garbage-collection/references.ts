import { apiVersionOf, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';
import { hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';

/** On an owner that must outlive its dependents, and on one that must leave them behind. */
export const foreground = 'foregroundDeletion';
export const orphan = 'orphan';

export const ownersOf = (object: KubernetesObject): readonly OwnerReference[] => object.metadata.ownerReferences ?? [];
export const ownerUids = (object: KubernetesObject): string[] => ownersOf(object).map(({ uid }) => uid);

export const waitsForDependents = (object: KubernetesObject): boolean => isDeleting(object) && hasFinalizer(object, foreground);
export const leavesDependents = (object: KubernetesObject): boolean => isDeleting(object) && hasFinalizer(object, orphan);

/** Where an object of any kind is: a queue key. */
export interface Place {
  readonly apiVersion: string;
  readonly plural: string;
  /** '' for cluster-wide objects. */
  readonly namespace: string;
  readonly name: string;
}

/** Names may hold any character but a slash, so the name is last. */
export const placeKey = (kind: Kind, { metadata }: KubernetesObject): string =>
  [apiVersionOf(kind), kind.plural, metadata.namespace ?? '', metadata.name].join('|');

export function placeOf(key: string): Place {
  const [apiVersion = '', plural = '', namespace = '', ...rest] = key.split('|');
  return { apiVersion, plural, namespace, name: rest.join('|') };
}
