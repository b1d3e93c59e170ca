import type { AnyResource } from '#core/registry/resource.ts';
import { subresourceOf, type Target } from '#core/apiserver/api.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';

/** Where a path leads inside `/api` and `/apis`. */
export type Route =
  | { readonly to: 'resource'; readonly target: Target; readonly watch: boolean }
  | { readonly to: 'discovery'; readonly group: string | undefined; readonly version: string | undefined }
  | undefined;

/**
 * Reads `/api/v1/…` and `/apis/<group>/<version>/…`, with `namespaces/<ns>/` before namespaced resources, the name and
 * subresource after, and the old `watch/` prefix. Below a subresource that connects, the path is somebody else's. Undefined when nothing is there.
 */
export function route(path: string, resources: ResourceIndex): Route {
  const segments = path.split('/').filter((segment) => segment !== '');
  const root = segments.shift();
  if (root !== 'api' && root !== 'apis') return undefined;
  if (segments.length === 0) return { to: 'discovery', group: root === 'api' ? '' : undefined, version: undefined };
  const group = root === 'api' ? '' : segments.shift() ?? '';
  const version = segments.shift();
  if (version === undefined || segments.length === 0) return { to: 'discovery', group, version };
  const watch = segments[0] === 'watch';
  if (watch) segments.shift();
  const target = targetOf(segments, (plural) => resources.find(group, version, plural));
  return target && { to: 'resource', target, watch };
}

function targetOf(segments: readonly string[], find: (plural: string) => AnyResource | undefined): Target | undefined {
  const [first = '', namespace, plural] = segments;
  const inside = first === 'namespaces' && plural !== undefined ? find(plural) : undefined;
  // `namespaces/x/status` is a subresource of the namespace, `namespaces/x/pods` a collection inside it.
  if (inside?.kind.namespaced) return objectOf(inside, namespace, segments.slice(3));
  const resource = find(first);
  if (resource === undefined) return undefined;
  // A namespaced object is reached through its namespace only; without one there is just the collection of all.
  return resource.kind.namespaced && segments.length > 1 ? undefined : objectOf(resource, undefined, segments.slice(1));
}

const objectOf = (resource: AnyResource, namespace: string | undefined, [name = '', subresource = '', ...more]: readonly string[]): Target | undefined =>
  (more.length > 0 && subresourceOf(resource, subresource)?.connects?.withPath !== true ? undefined : { resource, namespace, name, subresource });

/** How many segments of a path lead to a subresource. */
export const depthOf = ({ resource: { kind } }: Target): number => (kind.group === '' ? 2 : 3) + (kind.namespaced ? 2 : 0) + 3;
