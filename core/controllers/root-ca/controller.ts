import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface RootCaOptions {
  readonly client: Client;
  readonly informers: Informers;
  /** PEM of the authority that signs the API server's certificate. */
  readonly ca: string;
}

const name = 'kube-root-ca.crt';
const description = 'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Publishes the cluster's CA in every namespace, for pods that call the API, and puts right what anybody does to it. */
export class RootCaController implements Controller {
  readonly name = 'root-ca';
  readonly workers = 4;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #ca: string;
  readonly #namespaces: Informer<Namespace>;
  readonly #maps: Informer<ConfigMap>;

  constructor({ client, informers, ca }: RootCaOptions) {
    this.#client = client;
    this.#ca = ca;
    const namespaces = (this.#namespaces = informers.for(Namespace));
    const maps = (this.#maps = informers.for(ConfigMap));
    this.sources = [
      source(namespaces, (namespace) => (namespace === undefined ? [] : [namespace.metadata.name])),
      source(maps, (map, previous) => {
        const { metadata } = map ?? previous ?? {};
        return metadata?.name === name ? [metadata.namespace ?? ''] : [];
      }),
    ];
  }

  async reconcile(namespace: string, signal: AbortSignal): Promise<void> {
    const found = this.#namespaces.get(namespace);
    if (found === undefined || isDeleting(found)) return;
    const map = this.#maps.get(`${namespace}/${name}`);
    const data = { 'ca.crt': this.#ca };
    try {
      if (map === undefined) {
        await this.#client.create(ConfigMap, { metadata: { namespace, name, annotations: { 'kubernetes.io/description': description } }, data }, {}, signal);
      } else if (map.data?.['ca.crt'] !== this.#ca || Object.keys(map.data).length !== 1) {
        await this.#client.update(ConfigMap, { ...map, data }, {}, signal);
      }
    } catch (error) {
      // The namespace may have begun to end, and somebody else may have been first.
      if (!StatusError.is(error, 'AlreadyExists', 'NotFound', 'Forbidden')) throw error;
    }
  }
}
