import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { ObjectMeta } from '#core/api/schema/meta.ts';
import { always, json, string, struct, type Struct } from '#core/api/schema/type.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import type { ServedKind } from '#core/client/served-kinds.ts';

interface KindNamed {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A resource as aggregated discovery describes it (`APIResourceDiscovery`). */
export interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: KindNamed;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string; readonly responseKind: KindNamed; readonly verbs: readonly string[] }[];
}

/** What a server serves, by `group/version`. */
export type Discovered = ReadonlyMap<string, readonly DiscoveredResource[]>;

// The document is somebody else's: only what is understood is taken from it.
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const some = <T, K extends string>(key: K, values: readonly T[]): { [key in K]?: readonly T[] } => (values.length === 0 ? {} : { [key]: values }) as { [key in K]?: readonly T[] };

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const kindNamed = (value: JsonObject, { group, version }: GroupVersion): KindNamed =>
  ({ group: text(value['group']) || group, version: text(value['version']) || version, kind: text(value['kind']) });

/** Reads an `APIGroupDiscoveryList`. Undefined for any other document. */
export function readAggregated(document: unknown): Discovered | undefined {
  if (!isObject(document) || document['kind'] !== 'APIGroupDiscoveryList') return undefined;
  const found = new Map<string, readonly DiscoveredResource[]>();
  for (const entry of objects(document['items'])) {
    const group = isObject(entry['metadata']) ? text(entry['metadata']['name']) : '';
    for (const each of objects(entry['versions'])) {
      const version = text(each['version']);
      found.set(`${group}/${version}`, objects(each['resources']).filter((resource) => text(resource['resource']) !== '').map((resource) => readResource(resource, { group, version })));
    }
  }
  return found;
}

const responseKind = ({ responseKind: named }: JsonObject, of: GroupVersion): KindNamed => kindNamed(isObject(named) ? named : {}, of);

const readResource = (entry: JsonObject, of: GroupVersion): DiscoveredResource => ({
  resource: text(entry['resource']), responseKind: responseKind(entry, of), scope: entry['scope'] === 'Namespaced' ? 'Namespaced' : 'Cluster',
  singularResource: text(entry['singularResource']), verbs: texts(entry['verbs']),
  ...some('shortNames', texts(entry['shortNames'])), ...some('categories', texts(entry['categories'])),
  ...some('subresources', objects(entry['subresources']).map((below) => ({ subresource: text(below['subresource']), responseKind: responseKind(below, of), verbs: texts(below['verbs']) }))),
});

/** Turns an `APIResourceList`, which older servers answer, into the newer form. @throws {Error} for any other document */
export function readLegacy(document: unknown, group: string, version: string): readonly DiscoveredResource[] {
  if (!isObject(document) || document['kind'] !== 'APIResourceList') throw new Error(`expected an APIResourceList, got ${isObject(document) ? JSON.stringify(text(document['kind'])) : 'no object'}`);
  const of = { group, version };
  const below = new Map<string, JsonObject[]>();
  const entries = objects(document['resources']);
  for (const entry of entries) {
    const [parent = '', ...rest] = text(entry['name']).split('/');
    if (rest.length === 0) continue;
    const others = below.get(parent) ?? [];
    others.push({ ...entry, name: rest.join('/') });
    below.set(parent, others);
  }
  return entries.filter((entry) => text(entry['name']) !== '' && !text(entry['name']).includes('/')).map((entry) => ({
    resource: text(entry['name']), responseKind: kindNamed(entry, of), scope: entry['namespaced'] === true ? 'Namespaced' : 'Cluster',
    singularResource: text(entry['singularName']), verbs: texts(entry['verbs']),
    ...some('shortNames', texts(entry['shortNames'])), ...some('categories', texts(entry['categories'])),
    ...some('subresources', (below.get(text(entry['name'])) ?? []).map((sub) => ({ subresource: text(sub['name']), responseKind: kindNamed(sub, of), verbs: texts(sub['verbs']) }))),
  }));
}

/** Fields of foreign objects are not described here. */
const foreign: Struct<KubernetesObject> = {
  ...(struct('Foreign', 'An object of another API server.', { apiVersion: [1, string], kind: [2, string], metadata: [3, always(ObjectMeta)] }) as unknown as Struct<KubernetesObject>), rest: json,
};

/** A discovered resource, as the controllers of this process see it. */
export function kindOf({ resource, responseKind: { kind }, scope, singularResource, verbs }: DiscoveredResource, group: string, version: string): ServedKind {
  const names: Kind = { group, version, kind, plural: resource, singular: singularResource || kind.toLowerCase(), namespaced: scope === 'Namespaced', struct: foreign };
  return { kind: names, verbs };
}
