import type { Attributes, Decision, Rules, RoleResolver } from '#core/api/access.ts';
import { rbacGroup, type PolicyRule, type RoleRef } from '#core/api/schema/rbac-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { allowed, noOpinion, type Authorizer, type RuleResolver } from '#core/authz/authorizer.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { anyAllows, questionOf } from './compiled-rule.ts';
import { GrantIndex } from './grant-index.ts';
import type { Grant } from './grant.ts';
import { RoleIndex } from './role-index.ts';

/** Decides by the roles that are bound to users, groups and accounts. What no rule allows is left to others. */
export class RbacAuthorizer implements Authorizer, RuleResolver, RoleResolver {
  readonly #objects: ObjectStore;
  /** Made at the first request: before the store has started there is nothing to index. */
  #indexes: { readonly grants: GrantIndex; readonly roles: RoleIndex } | undefined;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  authorize(attributes: Attributes): Decision {
    const { grants, roles } = this.#index();
    const question = questionOf(attributes);
    const missing: RoleRef[] = [];
    const found = grants.find(attributes.user, attributes.namespace ?? '', (grant) => {
      const role = roles.find(grant.role, grant.namespace);
      if (role === undefined) missing.push(grant.role);
      return role !== undefined && anyAllows(role.compiled, question);
    });
    if (found !== undefined) return allowed(`RBAC: allowed by ${found.describe()}`);
    return noOpinion(missing.length === 0 ? '' : `RBAC: ${aggregate(missing.map(notFoundText))}`);
  }

  rulesFor(user: User, namespace: string): Rules {
    const { rules, errors } = this.rulesOfUser(user, namespace);
    return {
      resourceRules: rules.flatMap(({ verbs, apiGroups, resources = [], resourceNames }) =>
        (resources.length === 0 ? [] : [{ verbs, ...(apiGroups ? { apiGroups } : {}), resources, ...(resourceNames ? { resourceNames } : {}) }])),
      nonResourceRules: rules.flatMap(({ verbs, nonResourceURLs = [] }) => (nonResourceURLs.length === 0 ? [] : [{ verbs, nonResourceURLs }])),
      incomplete: false, errors,
    };
  }

  rulesOfUser(user: User, namespace: string): { readonly rules: readonly PolicyRule[]; readonly errors: readonly string[] } {
    const { grants, roles } = this.#index();
    const rules: (readonly PolicyRule[])[] = [];
    const errors = new Set<string>();
    const seen = new Set<unknown>();
    const collect = ({ role, namespace: within }: Grant): boolean => {
      const known = roles.find(role, within);
      if (known === undefined) errors.add(notFoundText(role));
      else if (!seen.has(known)) rules.push(known.rules);
      seen.add(known);
      return false;
    };
    grants.find(user, namespace, collect);
    return { rules: rules.flat(), errors: [...errors] };
  }

  rulesOfRole(role: RoleRef, namespace: string): readonly PolicyRule[] {
    const known = this.#index().roles.find(role, namespace);
    if (known === undefined) throw new StatusError('NotFound', notFoundText(role), { name: role.name, group: rbacGroup, kind: role.kind.toLowerCase() });
    return known.rules;
  }

  #index(): { readonly grants: GrantIndex; readonly roles: RoleIndex } {
    return (this.#indexes ??= { grants: new GrantIndex(this.#objects), roles: new RoleIndex(this.#objects) });
  }
}

/** Upstream names the kind here, not the resource. */
const notFoundText = ({ kind, name }: RoleRef): string => `${kind.toLowerCase()}.${rbacGroup} "${name}" not found`;

function aggregate(messages: readonly string[]): string {
  const [first = '', ...more] = new Set(messages);
  return more.length === 0 ? first : `[${[first, ...more].join(', ')}]`;
}
