import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthServers } from './health-servers.ts';
import type { LocalService } from './service-view.ts';

export interface HealthCheckPortsOptions {
  readonly servers: HealthServers;
  readonly isHealthy: () => boolean;
  /** Told when a port cannot be served; it is tried again with the next `serve`. */
  readonly failed: (service: LocalService, error: unknown) => void;
}

interface Served {
  service: LocalService;
  readonly close: () => Promise<void>;
}

/** The ports on which load balancers ask whether to send a service's traffic to this node. */
export class HealthCheckPorts {
  readonly #options: HealthCheckPortsOptions;
  readonly #served = new Map<string, Served>();

  constructor(options: HealthCheckPortsOptions) {
    this.#options = options;
  }

  /** Makes these the services that are answered for. Not to be called again before it resolves. */
  async serve(services: ReadonlyMap<string, LocalService>): Promise<void> {
    for (const [key, { service, close }] of this.#served) {
      if (services.get(key)?.port === service.port) continue;
      this.#served.delete(key);
      await close();
    }
    for (const [key, service] of services) {
      const served = this.#served.get(key);
      if (served !== undefined) served.service = service;
      else await this.#open(key, service);
    }
  }

  async close(): Promise<void> {
    await this.serve(new Map());
  }

  async #open(key: string, service: LocalService): Promise<void> {
    try {
      const close = await this.#options.servers.listen(service.port, (request, response) => this.#answer(key, request, response));
      this.#served.set(key, { service, close });
    } catch (error) {
      this.#options.failed(service, error);
    }
  }

  /** Whatever the path: load balancers differ in what they ask for. */
  #answer(key: string, request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const service = this.#served.get(key)?.service;
    const healthy = this.#options.isHealthy();
    const localEndpoints = service?.localEndpoints ?? 0;
    response.writeHead(healthy && localEndpoints > 0 ? 200 : 503, {
      'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff', 'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
    });
    response.end(JSON.stringify({ service: { namespace: service?.namespace ?? '', name: service?.name ?? '' }, localEndpoints, serviceProxyHealthy: healthy }));
  }
}
