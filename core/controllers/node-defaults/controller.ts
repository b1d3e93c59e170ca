import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

/** What the nodes of a cluster have in common, so that nobody has to say it again when one joins. */
export interface NodeDefaults {
  /** Ranges of all pods, and of services. */
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** Addresses of the cluster's name server, as pods see it. */
  readonly clusterDns: readonly string[];
  /** Such as `cluster.local`. */
  readonly clusterDomain: string;
}

export interface NodeDefaultsOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly defaults: NodeDefaults;
}

export const nodeDefaultsPlace = { namespace: 'kube-system', name: 'keelson-node-defaults' };
const key = `${nodeDefaultsPlace.namespace}/${nodeDefaultsPlace.name}`;

/** Publishes the nodes' defaults for those that join. */
export class NodeDefaultsController implements Controller {
  readonly name = 'node-defaults';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #data: Readonly<Record<string, string>>;
  readonly #maps: Informer<ConfigMap>;

  constructor({ client, informers, defaults }: NodeDefaultsOptions) {
    this.#client = client;
    this.#data = {
      clusterCIDRs: defaults.clusterCidrs.join(','), serviceCIDRs: defaults.serviceCidrs.join(','), clusterDNS: defaults.clusterDns.join(','), clusterDomain: defaults.clusterDomain,
    };
    const maps = (this.#maps = informers.for(ConfigMap));
    this.sources = [
      source(informers.for(Namespace), (namespace) => (namespace?.metadata.name === nodeDefaultsPlace.namespace ? [key] : [])),
      source(maps, (map, previous) => {
        const { metadata } = map ?? previous ?? {};
        return metadata?.name === nodeDefaultsPlace.name && metadata.namespace === nodeDefaultsPlace.namespace ? [key] : [];
      }),
    ];
  }

  async reconcile(_key: string, signal: AbortSignal): Promise<void> {
    const map = this.#maps.get(key);
    try {
      if (map === undefined) await this.#client.create(ConfigMap, { metadata: nodeDefaultsPlace, data: { ...this.#data } }, {}, signal);
      else if (!deepEqual(map.data, this.#data)) await this.#client.update(ConfigMap, { ...map, data: { ...this.#data } }, {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
    }
  }
}
