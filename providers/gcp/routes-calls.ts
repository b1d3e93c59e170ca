import type { protos } from '@google-cloud/compute';
import { ProviderError } from '#core/spi/errors.ts';
import type { GcpContext } from './context.ts';
import { lastOf } from './instances-facts.ts';
import type { InstanceKey } from './instances-ids.ts';
import { only } from './instances-lookup.ts';

export type GceRoute = protos.google.cloud.compute.v1.IRoute;

export interface NewRoute {
  readonly name: string;
  readonly description: string;
  readonly destination: string;
  readonly target: InstanceKey;
}

/** As every other route that nobody gave another one. */
const priority = 1000;
const fields = 'name,description,network,destRange,nextHopInstance,warnings/code';

/** The calls about the routes of the cluster's network. */
export class RouteCalls {
  readonly #context: GcpContext;

  constructor(context: GcpContext) {
    this.#context = context;
  }

  /** All of the network, whoever made them; as lists do, a little late. */
  async list(signal: AbortSignal): Promise<readonly GceRoute[]> {
    const project = await this.#context.project(signal);
    const network = lastOf(this.#context.settings.network);
    const filter = `network eq ".*/networks/${network}"`;
    const [routes] = await this.#context.api.read('compute.routes.list', (client, options) => client.list({ project, filter, maxResults: 500 }, { ...options, ...only(`items(${fields}),nextPageToken`) }), signal);
    return routes.filter((route) => lastOf(route.network) === network);
  }

  /** As it is now; undefined when there is none. */
  async get(name: string, signal: AbortSignal): Promise<GceRoute | undefined> {
    const project = await this.#context.project(signal);
    try {
      const [route] = await this.#context.api.read('compute.routes.get', (client, options) => client.get({ project, route: name }, { ...options, ...only(fields) }), signal);
      return route;
    } catch (error) {
      signal.throwIfAborted();
      if (ProviderError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async insert({ name, description, destination, target }: NewRoute, signal: AbortSignal): Promise<void> {
    const project = await this.#context.project(signal);
    const { network } = this.#context.settings;
    const routeResource = {
      name, description, destRange: destination, priority,
      network: network.includes('/') ? network : `projects/${project}/global/networks/${network}`,
      nextHopInstance: `projects/${project}/zones/${target.zone}/instances/${target.name}`,
    };
    await this.#context.api.change('compute.routes.insert', 'global', (client, options, requestId) => client.insert({ project, requestId, routeResource }, options), signal);
  }

  async delete(name: string, signal: AbortSignal): Promise<void> {
    const project = await this.#context.project(signal);
    await this.#context.api.change('compute.routes.delete', 'global', (client, options, requestId) => client.delete({ project, requestId, route: name }, options), signal);
  }
}
