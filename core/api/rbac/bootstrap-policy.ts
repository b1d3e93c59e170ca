import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '#core/api/schema/rbac-v1.ts';

/** An object that should exist, without what the server adds. */
export type Expected<T extends KubernetesObject> = Omit<T, keyof KubernetesObject> & {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
};

/** Roles and bindings that a cluster has from the start. */
export interface BootstrapPolicy {
  readonly clusterRoles: readonly Expected<ClusterRole>[];
  readonly clusterRoleBindings: readonly Expected<ClusterRoleBinding>[];
  readonly roles: readonly Expected<Role>[];
  readonly roleBindings: readonly Expected<RoleBinding>[];
}
