import { apiVersionOf, type KindNames } from '#core/api/schema/kind.ts';
import type { AnyResource, Subresource, Verb } from '#core/registry/resource.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ExtensionVersion } from '#core/apiserver/aggregation/extension-discovery.ts';
import { byStability, type Priority } from '#core/apiserver/aggregation/priorities.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';

const everything: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

export const verbsOf = (resource: AnyResource): readonly Verb[] => resource.verbs ?? everything;

/** All subresources, with those that follow from what the resource says of itself. */
export const subresourcesOf = (resource: AnyResource): readonly Pick<Subresource, 'name' | 'verbs' | 'kind'>[] => [
  ...(resource.hasFinalize ? [{ name: 'finalize', verbs: ['update'] as const }] : []),
  ...(resource.hasStatus ? [{ name: 'status', verbs: ['get', 'patch', 'update'] as const }] : []),
  ...(resource.subresources ?? []),
];

/** All that is served: here, and by other API servers. */
export interface Catalog {
  readonly resources: ResourceIndex;
  /** Instead of what is served here under the same group and version. */
  readonly extensions: readonly ExtensionVersion[];
  readonly priority: (group: string, version: string) => Priority;
}

interface GroupVersions {
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly string[];
}

/** In the order in which clients look for a resource that they know by its short name. */
export function groupsOf({ resources, extensions, priority }: Catalog): readonly GroupVersions[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, version } of [...resources.all.map(({ kind }) => kind), ...extensions]) {
    const versions = groups.get(group);
    if (versions) versions.add(version);
    else groups.set(group, new Set([version]));
  }
  const highest = (group: string, versions: Iterable<string>): number => Math.max(...[...versions].map((version) => priority(group, version).group));
  return [...groups].map(([group, versions]) => ({ group, versions: [...versions], rank: highest(group, versions) }))
    .sort((a, b) => b.rank - a.rank || (a.group < b.group ? -1 : 1))
    .map(({ group, versions }) => ({ group, versions: versions.sort((a, b) => priority(group, b).version - priority(group, a).version || byStability(a, b)) }));
}

export const apiVersions = (address: string) => ({
  kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
});

const groupDocument = ({ group, versions }: GroupVersions) => {
  const listed = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: listed, preferredVersion: listed[0] };
};

export const apiGroupList = (catalog: Catalog) =>
  ({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(catalog).filter(({ group }) => group !== '').map(groupDocument) });

/** @throws {StatusError} NotFound */
export function apiGroup(catalog: Catalog, name: string): object {
  const found = groupsOf(catalog).find(({ group }) => group === name);
  if (!found) throw notServed();
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(found) };
}

/** The resources of one group-version (`APIResourceList`). @throws {StatusError} NotFound */
export function apiResourceList(resources: ResourceIndex, group: string, version: string): object {
  const served = resources.groupVersion(group, version);
  if (served.length === 0) throw notServed();
  return {
    kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? version : `${group}/${version}`,
    resources: served.flatMap((resource) => {
      const { kind } = resource;
      const own = {
        name: kind.plural, singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind, verbs: verbsOf(resource),
        ...(resource.shortNames?.length ? { shortNames: resource.shortNames } : {}),
        ...(resource.categories?.length ? { categories: resource.categories } : {}),
      };
      const below = subresourcesOf(resource).map((sub) => ({
        name: `${kind.plural}/${sub.name}`, singularName: '', namespaced: kind.namespaced,
        // Drain evicts only where it finds policy/v1 Eviction here.
        ...(sub.kind && apiVersionOf(sub.kind) !== apiVersionOf(kind) ? { group: sub.kind.group, version: sub.kind.version } : {}),
        kind: sub.kind?.kind ?? kind.kind, verbs: sub.verbs,
      }));
      return [own, ...below];
    }),
  };
}

/** Everything in one answer (KEP-3352). `core` chooses between `/api` and `/apis`. */
export function aggregated(catalog: Catalog, core: boolean, version: string): object {
  const { resources, extensions } = catalog;
  const versionOf = (group: string, name: string): object => {
    const other = extensions.find((candidate) => candidate.group === group && candidate.version === name);
    return other ? { version: name, freshness: other.freshness, resources: other.resources } : { version: name, freshness: 'Current', resources: resources.groupVersion(group, name).map(aggregatedResource) };
  };
  return {
    kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {},
    items: groupsOf(catalog).filter(({ group }) => (group === '') === core).map(({ group, versions }) => ({
      metadata: { name: group, creationTimestamp: null }, versions: versions.map((name) => versionOf(group, name)),
    })),
  };
}

const kindNames = ({ group, version, kind }: KindNames) => ({ group, version, kind });

function aggregatedResource(resource: AnyResource): object {
  const { kind } = resource;
  const responseKind = kindNames(kind);
  const subresources = subresourcesOf(resource).map((sub) => ({ subresource: sub.name, responseKind: sub.kind ? kindNames(sub.kind) : responseKind, verbs: sub.verbs }));
  return {
    resource: kind.plural, responseKind, scope: kind.namespaced ? 'Namespaced' : 'Cluster', singularResource: kind.singular, verbs: verbsOf(resource),
    ...(resource.shortNames?.length ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories?.length ? { categories: resource.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

export const notAllowed = (): StatusError => new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const notServed = (): StatusError => new StatusError('NotFound', 'the server could not find the requested resource', {});
