import type { FieldSelector } from './field-selector.ts';
import type { NonResourceRule, ResourceRule } from './schema/authorization-v1.ts';
import type { PolicyRule, RoleRef } from './schema/rbac-v1.ts';
import type { User } from './user.ts';

/** What a user wants to do; `path` counts for requests that name no resource. */
export interface Attributes {
  readonly user: User;
  readonly verb: string;
  readonly path: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  /** Undefined or '' for cluster-wide resources and for all namespaces. */
  readonly namespace?: string | undefined;
  /** '' for a create or a collection. A list or watch whose selector pins metadata.name is about that object. */
  readonly name?: string;
  /** What a list, watch or deletecollection is narrowed to. */
  readonly fieldSelector?: FieldSelector;
}

/** Whether a request may go on. Neither allowed nor denied means no opinion, which in the end is a refusal. */
export interface Decision {
  readonly allowed: boolean;
  /** What made it so, for the audit log and for reviews; may be ''. */
  readonly reason: string;
  /** Refused outright: nobody else is asked. */
  readonly denied?: boolean;
}

export type Authorize = (attributes: Attributes) => Decision;

/** What a user may do in a namespace, as far as that can be listed. */
export interface Rules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** There may be more rights than these. */
  readonly incomplete: boolean;
  readonly errors: readonly string[];
}

/** Looks up roles: for those who may only hand on rights that they have. */
export interface RoleResolver {
  /** The rules of all roles that the user has in the namespace, '' for cluster-wide ones only, and what could not be looked up. */
  rulesOfUser(user: User, namespace: string): { readonly rules: readonly PolicyRule[]; readonly errors: readonly string[] };
  /** @param namespace that of the binding; '' for a ClusterRoleBinding. @throws {StatusError} NotFound */
  rulesOfRole(role: RoleRef, namespace: string): readonly PolicyRule[];
}
