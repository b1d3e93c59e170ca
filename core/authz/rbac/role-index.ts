import { isKindOf, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import { ClusterRole, Role, type PolicyRule, type RoleRef } from '#core/api/schema/rbac-v1.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { localKey } from '#core/store/keys.ts';
import { compileRules, type CompiledRule } from './compiled-rule.ts';

interface Known {
  readonly rules: readonly PolicyRule[];
  readonly compiled: readonly CompiledRule[];
}

/** Roles of one kind, compiled when they are first needed, until they change. */
class Roles<T extends KubernetesObject & { rules?: PolicyRule[] }> {
  readonly #objects: ObjectStore;
  readonly #kind: Kind<T>;
  readonly #known = new Map<string, Known>();

  constructor(objects: ObjectStore, kind: Kind<T>) {
    this.#objects = objects;
    this.#kind = kind;
    objects.cache(kind).subscribe(({ object: { metadata } }) => this.#known.delete(localKey(metadata.namespace, metadata.name)));
  }

  find(namespace: string, name: string): Known | undefined {
    const key = localKey(namespace, name);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const object = this.#objects.cache(this.#kind).get(key);
    if (object === undefined || !isKindOf(object, this.#kind)) return undefined;
    const { rules = [] } = object;
    const compiled = { rules, compiled: compileRules(rules) };
    this.#known.set(key, compiled);
    return compiled;
  }
}

/** All roles, as bindings refer to them. */
export class RoleIndex {
  readonly #roles: Roles<Role>;
  readonly #clusterRoles: Roles<ClusterRole>;

  constructor(objects: ObjectStore) {
    this.#roles = new Roles(objects, Role);
    this.#clusterRoles = new Roles(objects, ClusterRole);
  }

  /** @param namespace that of the binding. Undefined when there is no such role */
  find({ kind, name }: RoleRef, namespace: string): Known | undefined {
    return kind === 'ClusterRole' ? this.#clusterRoles.find('', name) : kind === 'Role' && namespace !== '' ? this.#roles.find(namespace, name) : undefined;
  }
}
