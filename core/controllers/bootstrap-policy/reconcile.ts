import type { BootstrapPolicy, Expected } from '#core/api/rbac/bootstrap-policy.ts';
import type { Draft, Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '#core/api/schema/rbac-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { completedBinding, completedRole, isProtected } from './merge.ts';

/** Others may write the same objects meanwhile: another server that starts, or a person. */
const attempts = 5;

/**
 * Creates what is missing of these roles and bindings, and adds what those that exist lack. May be run at each start. An object with
 * the annotation `rbac.authorization.kubernetes.io/autoupdate: "false"` stays as it is.
 * @throws {AggregateError} with what went wrong, after everything has been tried
 */
export async function reconcileBootstrapPolicy(client: Client, policy: BootstrapPolicy, signal: AbortSignal): Promise<void> {
  const writer = new PolicyWriter(client, signal);
  const results = await Promise.allSettled([
    ...policy.clusterRoles.map((expected) => writer.write(ClusterRole, expected, (role) => completedRole(role, expected))),
    ...policy.clusterRoleBindings.map((expected) => writer.write(ClusterRoleBinding, expected, (binding) => completed(binding, expected))),
    ...policy.roles.map((expected) => writer.write(Role, expected, (role) => completedRole(role, expected))),
    ...policy.roleBindings.map((expected) => writer.write(RoleBinding, expected, (binding) => completed(binding, expected))),
  ]);
  signal.throwIfAborted();
  const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} roles and bindings that should exist from the start could not be written`);
}

/** A binding cannot come to have another role. */
const completed = <T extends ClusterRoleBinding | RoleBinding>(binding: T, expected: Expected<ClusterRoleBinding | RoleBinding>): T | undefined =>
  (deepEqual(binding.roleRef, expected.roleRef) ? completedBinding(binding, expected) : undefined);

class PolicyWriter {
  readonly #client: Client;
  readonly #signal: AbortSignal;

  constructor(client: Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** @param complete makes what an object that is there should be: itself when all is well, undefined when it has to be made anew */
  async write<T extends KubernetesObject>(kind: Kind<T>, expected: Draft<T>, complete: (existing: T) => T | undefined): Promise<void> {
    const { name = '', namespace } = expected.metadata;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(kind, expected, complete);
      } catch (error) {
        if (attempt < attempts && StatusError.is(error, 'AlreadyExists', 'Conflict', 'NotFound')) continue;
        throw new Error(`cannot write ${kind.kind} "${namespace === undefined ? name : `${namespace}/${name}`}"`, { cause: error });
      }
    }
  }

  async #once<T extends KubernetesObject>(kind: Kind<T>, expected: Draft<T>, complete: (existing: T) => T | undefined): Promise<void> {
    const { name = '', namespace } = expected.metadata;
    const existing = await this.#client.get(kind, { name, namespace }, this.#signal).catch(absent);
    if (existing !== undefined) {
      const next = isProtected(existing) ? existing : complete(existing);
      if (next === existing) return;
      if (next !== undefined) return void await this.#client.update(kind, next, {}, this.#signal);
      await this.#client.delete(kind, { name, namespace }, { preconditions: { uid: existing.metadata.uid } }, this.#signal);
    }
    await this.#client.create(kind, expected, {}, this.#signal);
  }
}

function absent(error: unknown): undefined {
  if (!StatusError.is(error, 'NotFound')) throw error;
}
