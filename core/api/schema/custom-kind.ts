import type { Kind, KindNames, KubernetesObject } from './kind.ts';
import { struct, type Struct } from './type.ts';

/** Names of a custom resource, as its CustomResourceDefinition has them. */
export type CustomKindNames = Pick<KindNames, 'group' | 'version' | 'kind'> & Partial<KindNames>;

/**
 * A kind for clients of a custom resource. Its type is the caller's word: what objects look like is for the CustomResourceDefinition to say.
 * By default namespaced, with the kind in lower case as singular, and an s behind it as plural.
 */
export function customKind<T extends KubernetesObject>(names: CustomKindNames): Kind<T> {
  const singular = names.singular ?? names.kind.toLowerCase();
  const described = struct(`${names.group}.${names.version}.${names.kind}`, 'A custom resource.', {});
  return { plural: `${singular}s`, namespaced: true, ...names, singular, struct: described as Struct as Struct<T> };
}
