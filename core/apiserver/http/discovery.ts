import type { AnyResource } from '#core/registry/resource.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ResourceIndex } from '#core/apiserver/api.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

interface Subresource {
  readonly name: string;
  readonly verbs: readonly string[];
}

export function subresourcesOf(resource: AnyResource): readonly Subresource[] {
  return [
    ...(resource.hasFinalize ? [{ name: 'finalize', verbs: ['update'] }] : []),
    ...(resource.hasStatus ? [{ name: 'status', verbs: ['get', 'patch', 'update'] }] : []),
  ];
}

interface GroupVersions {
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly string[];
}

export function groupsOf(resources: ResourceIndex): readonly GroupVersions[] {
  const groups = new Map<string, string[]>();
  for (const { kind } of resources.all) {
    const versions = groups.get(kind.group) ?? [];
    if (!versions.includes(kind.version)) groups.set(kind.group, [...versions, kind.version]);
  }
  return [...groups].map(([group, versions]) => ({ group, versions }));
}

export const apiVersions = (address: string) => ({
  kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
});

const groupDocument = ({ group, versions }: GroupVersions) => {
  const listed = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: listed, preferredVersion: listed[0] };
};

export const apiGroupList = (resources: ResourceIndex) =>
  ({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(resources).filter(({ group }) => group !== '').map(groupDocument) });

/** @throws {StatusError} NotFound */
export function apiGroup(resources: ResourceIndex, name: string): object {
  const found = groupsOf(resources).find(({ group }) => group === name);
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
        name: kind.plural, singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind, verbs,
        ...(resource.shortNames?.length ? { shortNames: resource.shortNames } : {}),
        ...(resource.categories?.length ? { categories: resource.categories } : {}),
      };
      const below = subresourcesOf(resource).map((sub) => ({ name: `${kind.plural}/${sub.name}`, singularName: '', namespaced: kind.namespaced, kind: kind.kind, verbs: sub.verbs }));
      return [own, ...below];
    }),
  };
}

/** Everything in one answer (KEP-3352). `core` chooses between `/api` and `/apis`. */
export function aggregated(resources: ResourceIndex, core: boolean, version: string): object {
  return {
    kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {},
    items: groupsOf(resources).filter(({ group }) => (group === '') === core).map(({ group, versions }) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versions.map((name) => ({ version: name, freshness: 'Current', resources: resources.groupVersion(group, name).map(aggregatedResource) })),
    })),
  };
}

function aggregatedResource(resource: AnyResource): object {
  const { kind } = resource;
  const responseKind = { group: kind.group, version: kind.version, kind: kind.kind };
  const subresources = subresourcesOf(resource).map((sub) => ({ subresource: sub.name, responseKind, verbs: sub.verbs }));
  return {
    resource: kind.plural, responseKind, scope: kind.namespaced ? 'Namespaced' : 'Cluster', singularResource: kind.singular, verbs,
    ...(resource.shortNames?.length ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories?.length ? { categories: resource.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

export const notAllowed = (): StatusError => new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const notServed = (): StatusError => new StatusError('NotFound', 'the server could not find the requested resource', {});
