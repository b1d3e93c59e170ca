import { resourceName, type KindNames } from '#core/api/schema/kind.ts';

/** Everything the API server stores lies under this prefix. */
export const registryPrefix = '/registry/';

type Names = Pick<KindNames, 'group' | 'plural'>;

/** `/registry/persistentvolumeclaims/` or `/registry/storageclasses.storage.k8s.io/`. */
export function kindPrefix(names: Names): string {
  let prefix = prefixes.get(names);
  if (prefix === undefined) prefixes.set(names, (prefix = `${registryPrefix}${resourceName(names)}/`));
  return prefix;
}

/** Every read and write asks for one of these few, and a string that is made anew has to be hashed anew. */
const prefixes = new WeakMap<Names, string>();

/** An object's key inside its kind: `namespace/name`, or `name` for cluster-wide objects. Names are validated before they get here. */
export const localKey = (namespace: string | undefined, name: string): string =>
  namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;

/** Splits a full key into the kind's part and the object's part. */
export function splitKey(key: string): { kind: string; local: string } {
  const rest = key.slice(registryPrefix.length);
  const slash = rest.indexOf('/');
  return { kind: rest.slice(0, slash), local: rest.slice(slash + 1) };
}
