import { resourceName, type KindNames } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectKey } from './client.ts';

/** Path of all objects of a kind: of one namespace, or of all. */
export function collectionPath(kind: KindNames, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && namespace !== undefined && namespace !== '' ? `/namespaces/${segment(kind, 'namespace', namespace)}` : '';
  return `${root}${scope}/${kind.plural}`;
}

/** Path to which objects of a kind are posted. @throws {StatusError} BadRequest when the kind has namespaces and none is given */
export function creationPath(kind: KindNames, namespace?: string): string {
  if (kind.namespaced && (namespace === undefined || namespace === '')) throw StatusError.badRequest(`${resourceName(kind)} live in namespaces, and none is given`);
  return collectionPath(kind, namespace);
}

/** Path of one object, or of a subresource of it. @throws {StatusError} BadRequest when the name cannot stand in a path, or a namespace is missing */
export function objectPath(kind: KindNames, key: ObjectKey, subresource?: string): string {
  const path = `${creationPath(kind, key.namespace)}/${segment(kind, 'name', key.name)}`;
  return subresource === undefined ? path : `${path}/${segment(kind, 'subresource', subresource)}`;
}

export function withQuery(path: string, query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

/** These rules keep one object's name from becoming another one's path; whether it is a good name is for the server to say. */
function segment(kind: KindNames, what: 'name' | 'namespace' | 'subresource', value: string): string {
  if (value === '' || value === '.' || value === '..' || value.includes('/') || value.includes('%')) {
    throw StatusError.badRequest(`${JSON.stringify(value)} cannot be the ${what} of one of the ${resourceName(kind)}`);
  }
  return encodeURIComponent(value);
}
