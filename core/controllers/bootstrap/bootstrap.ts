import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { BootstrapPolicy } from '#core/api/rbac/bootstrap-policy.ts';
import type { Client } from '#core/client/client.ts';
import { reconcileBootstrapPolicy } from '#core/controllers/bootstrap-policy/reconcile.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { bootstrapObject, type BootstrapObject } from '#core/spi/bootstrap-object.ts';

/** Every cluster has these. */
export const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

/** Creates what a fresh cluster has, and what modules want to exist. What is there already stays as it is. */
export class Bootstrap {
  readonly #client: Client;
  readonly #logger: Logger;
  readonly #objects: readonly BootstrapObject[];
  readonly #policy: BootstrapPolicy | undefined;

  /** @param policy roles and bindings that every cluster has, completed at each start */
  constructor(client: Client, logger: Logger, objects: readonly BootstrapObject[], policy?: BootstrapPolicy) {
    this.#client = client;
    this.#logger = logger;
    this.#objects = objects;
    this.#policy = policy;
  }

  /** May be run at each start. Namespaces come first, for the objects that stand in them. */
  async run(signal: AbortSignal): Promise<void> {
    const namespaces = systemNamespaces.map((name) => bootstrapObject(Namespace, { metadata: { name } }));
    await Promise.all(namespaces.map((namespace) => this.#create(namespace, signal)));
    const policy = this.#policy && reconcileBootstrapPolicy(this.#client, this.#policy, signal);
    await Promise.all([policy, ...this.#objects.map((object) => this.#create(object, signal))]);
  }

  async #exists(kind: BootstrapObject['kind'], { metadata: { namespace, name = '' } }: BootstrapObject['object'], signal: AbortSignal): Promise<boolean> {
    return this.#client.get(kind, { ...(namespace === undefined ? {} : { namespace }), name }, signal).then(() => true, () => false);
  }

  async #create({ kind, object }: BootstrapObject, signal: AbortSignal): Promise<void> {
    const { namespace, name = '' } = object.metadata;
    try {
      await this.#client.create(kind, object, {}, signal);
      this.#logger.debug('created at start', { kind: kind.kind, name, ...(namespace === undefined ? {} : { namespace }) });
    } catch (error) {
      // A service that is there is refused because of its own address.
      if (StatusError.is(error, 'AlreadyExists') || (StatusError.is(error, 'Invalid') && await this.#exists(kind, object, signal))) return;
      throw new Error(`cannot create ${kind.kind} "${name}", which should exist from the start`, { cause: error });
    }
  }
}
