import { isKindOf, type Kind } from '#core/api/schema/kind.ts';
import { ClusterRoleBinding, RoleBinding } from '#core/api/schema/rbac-v1.ts';
import type { User } from '#core/api/user.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { grantsOf, type Binding, type Grant } from './grant.ts';

/** Grants of one namespace, or of the whole cluster, by who holds them. */
class Holders {
  readonly #users = new Map<string, Grant[]>();
  readonly #groups = new Map<string, Grant[]>();

  add(binding: Binding): void {
    for (const [{ isGroup, name }, grant] of grantsOf(binding)) {
      const holders = isGroup ? this.#groups : this.#users;
      const grants = holders.get(name);
      if (grants === undefined) holders.set(name, [grant]);
      else grants.push(grant);
    }
  }

  remove(binding: Binding): void {
    for (const [{ isGroup, name }, grant] of grantsOf(binding)) {
      const holders = isGroup ? this.#groups : this.#users;
      const left = holders.get(name)?.filter((other) => other.binding !== grant.binding) ?? [];
      if (left.length === 0) holders.delete(name);
      else holders.set(name, left);
    }
  }

  get empty(): boolean {
    return this.#users.size === 0 && this.#groups.size === 0;
  }

  find({ name, groups }: User, wanted: (grant: Grant) => boolean): Grant | undefined {
    const own = this.#users.get(name)?.find(wanted);
    if (own !== undefined) return own;
    for (const group of groups) {
      const found = this.#groups.get(group)?.find(wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** All bindings by user and group, kept true by the store. Made once the store has started. */
export class GrantIndex {
  readonly #everywhere = new Holders();
  readonly #namespaces = new Map<string, Holders>();

  constructor(objects: ObjectStore) {
    this.#follow(objects, ClusterRoleBinding);
    this.#follow(objects, RoleBinding);
  }

  /** The first grant of the user that is `wanted`, of those that hold everywhere and then of the namespace's. */
  find(user: User, namespace: string, wanted: (grant: Grant) => boolean): Grant | undefined {
    return this.#everywhere.find(user, wanted) ?? this.#namespaces.get(namespace)?.find(user, wanted);
  }

  #follow<T extends Binding>(objects: ObjectStore, kind: Kind<T>): void {
    const cache = objects.cache(kind);
    for (const [, object] of cache.range('')) if (isKindOf(object, kind)) this.#add(object);
    cache.subscribe(({ object, previous, deleted }) => {
      if (previous !== undefined && isKindOf(previous, kind)) this.#remove(previous);
      if (!deleted && isKindOf(object, kind)) this.#add(object);
    });
  }

  #add(binding: Binding): void {
    const { namespace = '' } = binding.metadata;
    if (namespace === '') return this.#everywhere.add(binding);
    let holders = this.#namespaces.get(namespace);
    if (!holders) this.#namespaces.set(namespace, (holders = new Holders()));
    holders.add(binding);
  }

  #remove(binding: Binding): void {
    const { namespace = '' } = binding.metadata;
    const holders = namespace === '' ? this.#everywhere : this.#namespaces.get(namespace);
    holders?.remove(binding);
    if (namespace !== '' && holders?.empty === true) this.#namespaces.delete(namespace);
  }
}
