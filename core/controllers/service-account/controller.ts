import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

const name = 'default';

/** Sees to it that every namespace has its `default` ServiceAccount: what pods run as that name none. */
export class ServiceAccountController implements Controller {
  readonly name = 'service-account';
  readonly workers = 4;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #namespaces: Informer<Namespace>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor({ client, informers }: { readonly client: Client; readonly informers: Informers }) {
    this.#client = client;
    const namespaces = (this.#namespaces = informers.for(Namespace));
    const accounts = (this.#accounts = informers.for(ServiceAccount));
    this.sources = [
      source(namespaces, (namespace) => (namespace === undefined ? [] : [namespace.metadata.name])),
      source(accounts, (account, previous) => (account === undefined && previous?.metadata.name === name ? [previous.metadata.namespace ?? ''] : [])),
    ];
  }

  async reconcile(namespace: string, signal: AbortSignal): Promise<void> {
    const found = this.#namespaces.get(namespace);
    if (found === undefined || isDeleting(found) || this.#accounts.get(`${namespace}/${name}`) !== undefined) return;
    try {
      await this.#client.create(ServiceAccount, { metadata: { namespace, name } }, {}, signal);
    } catch (error) {
      // The namespace may have begun to end, and somebody else may have been first.
      if (!StatusError.is(error, 'AlreadyExists', 'NotFound', 'Forbidden')) throw error;
    }
  }
}
