import { apiVersionOf, type KindNames } from '#core/api/schema/kind.ts';
import type { AnyResource, Subresource, Verb } from '#core/registry/resource.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';

const everything: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

export const verbsOf = (resource: AnyResource): readonly Verb[] => resource.verbs ?? everything;

/** All subresources, with those that follow from what the resource says of itself. */
export const subresourcesOf = (resource: AnyResource): readonly Pick<Subresource, 'name' | 'verbs' | 'kind'>[] => [
  ...(resource.hasFinalize ? [{ name: 'finalize', verbs: ['update'] as const }] : []),
  ...(resource.hasStatus ? [{ name: 'status', verbs: ['get', 'patch', 'update'] as const }] : []),
  ...(resource.subresources ?? []),
];

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
  return [...groups].map(([group, versions]) => ({ group, versions: versions.sort(byStability) }));
}

const versionForm = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** Stable versions before beta before alpha, higher numbers first, and what is no such version last, by name. */
function byStability(a: string, b: string): number {
  const [one, other] = [versionForm.exec(a), versionForm.exec(b)];
  if (!one || !other) return Number(one === null) - Number(other === null) || (a < b ? -1 : 1);
  const rank = (stage: string | undefined): number => (stage === undefined ? 0 : stage === 'beta' ? 1 : 2);
  return rank(one[2]) - rank(other[2]) || Number(other[1]) - Number(one[1]) || Number(other[3] ?? 0) - Number(one[3] ?? 0);
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
export function aggregated(resources: ResourceIndex, core: boolean, version: string): object {
  return {
    kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {},
    items: groupsOf(resources).filter(({ group }) => (group === '') === core).map(({ group, versions }) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versions.map((name) => ({ version: name, freshness: 'Current', resources: resources.groupVersion(group, name).map(aggregatedResource) })),
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
