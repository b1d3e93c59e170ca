import { ApiError, invalid } from './api-error.ts';
import { regionNames, zoneNames } from './catalog.ts';
import { parseFilter, type Predicate } from './filter.ts';
import { fieldOf, type Json, type Resource, textOf } from './json.ts';
import { linkOf, pathOfLink, scopeOf } from './links.ts';
import type { Call } from './method.ts';

/** Parameters of the query that lists take. */
export const listQuery: readonly string[] = ['filter', 'maxResults', 'orderBy', 'pageToken', 'returnPartialSuccess'];
export const aggregatedQuery: readonly string[] = [...listQuery, 'includeAllScopes', 'serviceProjectNumber'];

interface Page {
  readonly items: readonly Resource[];
  readonly nextPageToken: string | undefined;
}

/** A page of resources, in the form of the API's lists. */
export function listAnswer(call: Call, kind: string, collection: string, resources: readonly Resource[]): Json {
  const { items, nextPageToken } = pageOf(call, resources);
  return {
    kind,
    id: `${collection}`,
    ...(items.length === 0 ? {} : { items }),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    selfLink: linkOf(collection),
  };
}

/** The resources of a collection in all its scopes, each scope with its items or the warning that it has none. */
export function aggregatedAnswer(call: Call, kind: string, collection: string, scopes: readonly string[], stored?: (scope: string) => readonly Resource[]): Json {
  const { cloud, project, query } = call;
  const partial = flag(query, 'returnPartialSuccess');
  const lost = scopes.filter((scope) => cloud.unreachable.has(scope.slice(scope.indexOf('/') + 1)));
  if (lost.length > 0 && !partial) throw new ApiError(503, 'backendError', `The following scopes could not be reached: ${lost.join(', ')}`, { status: 'UNAVAILABLE' });
  const time = cloud.listTime();
  const list = stored ?? ((scope: string) => cloud.resources.list(`projects/${project}/${scope}/${collection}`, time));
  const found = scopes.filter((scope) => !lost.includes(scope)).flatMap(list);
  const { items, nextPageToken } = pageOf(call, found);
  const byScope = Map.groupBy(items, ({ selfLink }) => scopeOf(pathOfLink(selfLink)));
  const perScope = scopes.map((scope) => [scope, scopeAnswer(scope, collection, byScope.get(scope) ?? [], lost.includes(scope))]);
  return {
    kind,
    id: `projects/${project}/aggregated/${collection}`,
    items: Object.fromEntries(perScope),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    ...(lost.length === 0 ? {} : { unreachables: lost.map((scope) => linkOf(`projects/${project}/${scope}`)) }),
    selfLink: linkOf(`projects/${project}/aggregated/${collection}`),
  };
}

function scopeAnswer(scope: string, collection: string, items: readonly Resource[], unreachable: boolean): Json {
  if (items.length > 0) return { [collection]: items };
  const data = [{ key: 'scope', value: scope }];
  if (unreachable) return { warning: { code: 'UNREACHABLE', message: `The scope '${scope}' could not be reached.`, data } };
  return { warning: { code: 'NO_RESULTS_ON_PAGE', message: `There are no results for scope '${scope}' on this page.`, data } };
}

/** Every scope of some kinds, in the order that the vendor's answers have them. */
export function scopesOf(...kinds: readonly ('zones' | 'regions' | 'global')[]): readonly string[] {
  return [
    ...(kinds.includes('global') ? ['global'] : []),
    ...(kinds.includes('regions') ? regionNames.map((region) => `regions/${region}`) : []),
    ...(kinds.includes('zones') ? zoneNames.map((zone) => `zones/${zone}`) : []),
  ];
}

export function pageOf({ query, method, project, parameters }: Call, resources: readonly Resource[]): Page {
  const filter = query.get('filter') ?? '';
  const predicate: Predicate = filter.trim() === '' ? () => true : parseFilter(filter);
  const limit = maxResults(query.get('maxResults'));
  const chosen = ordered(resources.filter(predicate), query.get('orderBy') ?? '');
  const about = [method.id, project, ...Object.values(parameters), filter, query.get('orderBy') ?? ''].join('\n');
  const start = startOf(chosen, query.get('pageToken') ?? '', about);
  const items = chosen.slice(start, start + limit);
  const last = items.at(-1);
  const more = last !== undefined && start + limit < chosen.length;
  return { items, nextPageToken: more ? Buffer.from(JSON.stringify([about, last.selfLink, start + limit])).toString('base64url') : undefined };
}

/** A page goes on after the last one's last resource, also when some were made or deleted in between. */
function startOf(resources: readonly Resource[], token: string, about: string): number {
  if (token === '') return 0;
  const refused = invalid('pageToken', token, 'The page token is invalid for the request.');
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    throw refused;
  }
  if (!Array.isArray(parsed) || parsed[0] !== about || typeof parsed[2] !== 'number') throw refused;
  const last: unknown = parsed[1];
  const found = resources.findIndex(({ selfLink }) => selfLink === last);
  return found < 0 ? Math.max(0, parsed[2] - 1) : found + 1;
}

function maxResults(text: string | null): number {
  if (text === null || text === '') return 500;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 500) throw invalid('maxResults', text, 'Values must be within the following range: [0, 500]');
  return number === 0 ? 500 : number;
}

function ordered(resources: readonly Resource[], order: string): readonly Resource[] {
  if (order === '' || order === 'name') return resources;
  if (order !== 'creationTimestamp desc') throw invalid('orderBy', order, "Must be 'name' or 'creationTimestamp desc'.");
  const when = (resource: Resource) => textOf(fieldOf(resource, 'creationTimestamp') ?? fieldOf(resource, 'insertTime') ?? '');
  return resources.toSorted((left, right) => when(right).localeCompare(when(left)));
}

export function flag(query: URLSearchParams, name: string): boolean {
  return query.get(name) === 'true';
}
