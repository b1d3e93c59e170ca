import type { Authorize, RoleResolver } from '#core/api/access.ts';
import { uncovered } from '#core/api/rbac/covers.ts';
import { compactRules, quotedList, ruleText } from '#core/api/rbac/rule-text.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { ClusterRole, ClusterRoleBinding, rbacGroup, Role, RoleBinding, type PolicyRule, type RoleRef } from '#core/api/schema/rbac-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isMaster } from '#core/api/user.ts';
import { deepEqual } from '#core/api/value.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

/** Everything there is: what an aggregation could come to. */
const fullAuthority: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Nobody gives rights that they do not have themselves: neither by writing a role, unless they may `escalate` it, nor by binding one,
 * unless they may `bind` it.
 */
export class RbacEscalation implements AdmissionPlugin {
  readonly name = 'RbacEscalation';
  readonly #authorize: Authorize;
  readonly #roles: RoleResolver;

  constructor(authorize: Authorize, roles: RoleResolver) {
    this.#authorize = authorize;
    this.#roles = roles;
  }

  validate(request: AdmissionRequest): void {
    const { object, old, subresource, user } = request;
    if (object === undefined || subresource !== '' || isMaster(user) || (old !== undefined && isCollectorsWork(object, old))) return;
    if (isKindOf(object, Role) || isKindOf(object, ClusterRole)) return this.#checkRole(request, object);
    if (isKindOf(object, RoleBinding) || isKindOf(object, ClusterRoleBinding)) this.#checkBinding(request, object.roleRef);
  }

  #checkRole(request: AdmissionRequest, role: Role | ClusterRole): void {
    const { resource, operation, name, old } = request;
    // As for any other create, the right to do it cannot be limited to names.
    if (this.#may(request, 'escalate', resource.kind.plural, operation === 'CREATE' ? '' : name)) return;
    this.#checkRules(request, role.rules ?? []);
    const aggregates = [role, old].some((state) => state !== undefined && isKindOf(state, ClusterRole) && (state.aggregationRule?.clusterRoleSelectors ?? []).length > 0);
    if (!aggregates || uncovered(this.#held(request).rules, fullAuthority, 1).length === 0) return;
    throw StatusError.forbidden(resource.kind, name, 'must have cluster-admin privileges to use the aggregationRule');
  }

  /** @throws {StatusError} NotFound for a role that does not exist, Forbidden */
  #checkBinding(request: AdmissionRequest, role: RoleRef): void {
    const plural = role.kind === 'Role' ? 'roles' : 'clusterroles';
    if (!this.#may(request, 'bind', plural, role.name)) this.#checkRules(request, this.#roles.rulesOfRole(role, request.namespace ?? ''));
  }

  #may({ user, namespace = '' }: AdmissionRequest, verb: 'escalate' | 'bind', resource: string, name: string): boolean {
    return this.#authorize({ user, verb, path: '', group: rbacGroup, version: '*', resource, subresource: '', namespace, name }).allowed;
  }

  #held({ user, namespace = '' }: AdmissionRequest): ReturnType<RoleResolver['rulesOfUser']> {
    return this.#roles.rulesOfUser(user, namespace);
  }

  #checkRules(request: AdmissionRequest, wanted: readonly PolicyRule[]): void {
    const { rules, errors } = this.#held(request);
    const missing = uncovered(rules, wanted);
    if (missing.length === 0) return;
    const { resource, name, user } = request;
    const lines = [...new Set(compactRules(missing).map(ruleText))].toSorted();
    const problems = errors.length === 0 ? '' : `; resolution errors: [${errors.join(' ')}]`;
    throw StatusError.forbidden(resource.kind, name,
      `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${problems}`);
  }
}

/** Whether an update changes only what the garbage collector writes: that gives nobody anything. */
function isCollectorsWork(object: KubernetesObject, old: KubernetesObject): boolean {
  const rest = ({ metadata, ...others }: KubernetesObject): object => {
    const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _managed, resourceVersion: _version, ...left } = metadata;
    return { ...others, metadata: left };
  };
  return deepEqual(rest(object), rest(old));
}
