import { apiVersionOf, type KindNames, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';

/** The owner that manages the object; undefined when nobody does. */
export const controllerOf = ({ metadata }: KubernetesObject): OwnerReference | undefined => metadata.ownerReferences?.find(({ controller }) => controller === true);

/** By which an object says that `owner` manages it. */
export const controllerReference = (kind: KindNames, { metadata: { name, uid } }: KubernetesObject): OwnerReference =>
  ({ apiVersion: apiVersionOf(kind), kind: kind.kind, name, uid, controller: true, blockOwnerDeletion: true });
