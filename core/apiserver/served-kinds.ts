import { apiVersionOf } from '#core/api/schema/kind.ts';
import type { ServedKind, ServedKinds } from '#core/client/served-kinds.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { storageNames } from './api.ts';
import { verbsOf } from './http/discovery.ts';
import type { ResourceIndex } from './resource-index.ts';

/** What the index serves, as controllers of this process see it. */
export function servedKinds(index: ResourceIndex): ServedKinds {
  let all = canonical(index.all);
  let byName: ReadonlyMap<string, ServedKind> | undefined;
  index.onChange(() => {
    all = canonical(index.all);
    byName = undefined;
  });
  return {
    get all() {
      return [...all.values()];
    },
    find(apiVersion, kind) {
      byName ??= named(index.all, all);
      return byName.get(`${apiVersion}/${kind}`);
    },
    onChange: (listener) => index.onChange(listener),
  };
}

const storageKey = (resource: AnyResource): string => {
  const { group, plural } = storageNames(resource);
  return `${group}/${plural}`;
};

/** One resource for each storage: the stored version where it is served, otherwise the first view of it. */
function canonical(resources: readonly AnyResource[]): ReadonlyMap<string, ServedKind> {
  const found = new Map<string, { resource: AnyResource; served: ServedKind }>();
  for (const resource of resources) {
    if (resource.isQuestion) continue;
    const key = storageKey(resource);
    const known = found.get(key);
    const isStored = apiVersionOf(storageNames(resource)) === apiVersionOf(resource.kind);
    if (known === undefined || isStored) found.set(key, { resource, served: { kind: resource.kind, verbs: verbsOf(resource) } });
  }
  return new Map([...found].map(([key, { served }]) => [key, served]));
}

function named(resources: readonly AnyResource[], all: ReadonlyMap<string, ServedKind>): ReadonlyMap<string, ServedKind> {
  const names = new Map<string, ServedKind>();
  for (const resource of resources) {
    const served = all.get(storageKey(resource));
    if (served) names.set(`${apiVersionOf(resource.kind)}/${resource.kind.kind}`, served);
  }
  return names;
}
