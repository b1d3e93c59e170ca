import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Writer } from '#core/client/client.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { bootstrapObject, type BootstrapObject } from '#core/spi/bootstrap-object.ts';

/** Every cluster has these. */
export const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

/** Creates what a fresh cluster has, and what modules want to exist. What is there already stays as it is. */
export class Bootstrap {
  readonly #writer: Writer;
  readonly #logger: Logger;
  readonly #objects: readonly BootstrapObject[];

  constructor(writer: Writer, logger: Logger, objects: readonly BootstrapObject[]) {
    this.#writer = writer;
    this.#logger = logger;
    this.#objects = objects;
  }

  /** May be run at each start. Namespaces come first, for the objects that stand in them. */
  async run(signal: AbortSignal): Promise<void> {
    const namespaces = systemNamespaces.map((name) => bootstrapObject(Namespace, { metadata: { name } }));
    await Promise.all(namespaces.map((namespace) => this.#create(namespace, signal)));
    for (const object of this.#objects) await this.#create(object, signal);
  }

  async #create({ kind, object }: BootstrapObject, signal: AbortSignal): Promise<void> {
    const { namespace, name = '' } = object.metadata;
    try {
      await this.#writer.create(kind, object, {}, signal);
      this.#logger.debug('created at start', { kind: kind.kind, name, ...(namespace === undefined ? {} : { namespace }) });
    } catch (error) {
      if (StatusError.is(error, 'AlreadyExists')) return;
      throw new Error(`cannot create ${kind.kind} "${name}", which should exist from the start`, { cause: error });
    }
  }
}
