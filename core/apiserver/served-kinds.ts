import { apiVersionOf, type KindNames } from '#core/api/schema/kind.ts';
import type { ServedKind, ServedKinds } from '#core/client/served-kinds.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { storageNames } from './api.ts';
import { verbsOf } from './http/discovery.ts';
import type { ResourceIndex } from './resource-index.ts';

/** Kinds that other API servers serve, preferred versions first. */
export interface ForeignKinds {
  readonly kinds: readonly ServedKind[];
  onChange(listener: () => void): () => void;
}

const noForeign: ForeignKinds = { kinds: [], onChange: () => () => undefined };

/** What the index serves, and what other API servers do, as controllers of this process see it. */
export function servedKinds(index: ResourceIndex, foreign: ForeignKinds = noForeign): ServedKinds {
  let all = canonical(index.all);
  let others = preferred(foreign.kinds);
  let byName: ReadonlyMap<string, ServedKind> | undefined;
  index.onChange(() => {
    all = canonical(index.all);
    byName = undefined;
  });
  foreign.onChange(() => {
    others = preferred(foreign.kinds);
    byName = undefined;
  });
  return {
    get all() {
      return [...all.values(), ...others.values()];
    },
    find(apiVersion, kind) {
      byName ??= new Map([...foreign.kinds.map(({ kind: names }) => [nameOf(names), others.get(nameOfStorage(names))] as const), ...named(index.all, all)]
        .filter((entry): entry is readonly [string, ServedKind] => entry[1] !== undefined));
      return byName.get(`${apiVersion}/${kind}`);
    },
    onChange: (listener) => {
      const ends = [index.onChange(listener), foreign.onChange(listener)];
      return () => ends.forEach((end) => end());
    },
  };
}

const nameOf = (kind: KindNames): string => `${apiVersionOf(kind)}/${kind.kind}`;
const nameOfStorage = ({ group, plural }: KindNames): string => `${group}/${plural}`;

/** One version of each. */
function preferred(kinds: readonly ServedKind[]): ReadonlyMap<string, ServedKind> {
  const found = new Map<string, ServedKind>();
  for (const served of kinds) if (!found.has(nameOfStorage(served.kind))) found.set(nameOfStorage(served.kind), served);
  return found;
}

const storageKey = (resource: AnyResource): string => {
  const { group, plural } = storageNames(resource);
  return `${group}/${plural}`;
};

/** One resource for each storage: the stored version where it is served, otherwise the first view of it. */
function canonical(resources: readonly AnyResource[]): ReadonlyMap<string, ServedKind> {
  const found = new Map<string, { resource: AnyResource; served: ServedKind }>();
  for (const resource of resources) {
    if (resource.isQuestion || resource.isObserved) continue;
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
