import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { ObjectMeta } from '#core/api/schema/meta.ts';
import { always, json, string, struct, type Struct } from '#core/api/schema/type.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import type { ServedKind } from '#core/client/served-kinds.ts';

/** A resource as aggregated discovery describes it (`APIResourceDiscovery`). */
export interface DiscoveredResource extends JsonObject {
  readonly resource: string;
  readonly verbs: readonly string[];
}

/** What a server serves, by `group/version`. */
export type Discovered = ReadonlyMap<string, readonly DiscoveredResource[]>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const isResource = (entry: JsonObject): entry is DiscoveredResource => text(entry['resource']) !== '' && Array.isArray(entry['verbs']);

/** Reads an `APIGroupDiscoveryList`. Undefined for any other document. */
export function readAggregated(document: unknown): Discovered | undefined {
  if (!isObject(document) || document['kind'] !== 'APIGroupDiscoveryList') return undefined;
  const found = new Map<string, readonly DiscoveredResource[]>();
  for (const group of objects(document['items'])) {
    const name = isObject(group['metadata']) ? text(group['metadata']['name']) : '';
    for (const version of objects(group['versions'])) found.set(`${name}/${text(version['version'])}`, objects(version['resources']).filter(isResource));
  }
  return found;
}

/** Turns an `APIResourceList`, which older servers answer, into the newer form. @throws {Error} for any other document */
export function readLegacy(document: unknown, group: string, version: string): readonly DiscoveredResource[] {
  if (!isObject(document) || document['kind'] !== 'APIResourceList') throw new Error(`expected an APIResourceList, got ${isObject(document) ? JSON.stringify(document['kind']) : 'no object'}`);
  const entries = objects(document['resources']);
  const kindOf = (entry: JsonObject) => ({ group: text(entry['group']) || group, version: text(entry['version']) || version, kind: text(entry['kind']) });
  return entries.filter((entry) => text(entry['name']) !== '' && !text(entry['name']).includes('/')).map((entry) => {
    const name = text(entry['name']);
    const below = entries.filter((other) => text(other['name']).startsWith(`${name}/`))
      .map((other) => ({ subresource: text(other['name']).slice(name.length + 1), responseKind: kindOf(other), verbs: texts(other['verbs']) }));
    return {
      resource: name, responseKind: kindOf(entry), scope: entry['namespaced'] === true ? 'Namespaced' : 'Cluster', singularResource: text(entry['singularName']), verbs: texts(entry['verbs']),
      ...(texts(entry['shortNames']).length > 0 ? { shortNames: texts(entry['shortNames']) } : {}),
      ...(texts(entry['categories']).length > 0 ? { categories: texts(entry['categories']) } : {}),
      ...(below.length > 0 ? { subresources: below } : {}),
    };
  });
}

/** Fields of foreign objects are not described here. */
const foreign: Struct<KubernetesObject> = {
  ...(struct('Foreign', 'An object of another API server.', { apiVersion: [1, string], kind: [2, string], metadata: [3, always(ObjectMeta)] }) as unknown as Struct<KubernetesObject>), rest: json,
};

/** A discovered resource, as the controllers of this process see it. */
export function kindOf({ resource, responseKind, scope, singularResource, verbs }: DiscoveredResource, group: string, version: string): ServedKind {
  const named = isObject(responseKind) ? text(responseKind['kind']) : '';
  const kind: Kind = { group, version, kind: named, plural: resource, singular: text(singularResource) || named.toLowerCase(), namespaced: scope === 'Namespaced', struct: foreign };
  return { kind, verbs: texts(verbs) };
}
