import type { Service } from '#core/api/schema/core-v1/service.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import { hasTripwire, type ProxyProblem, type ServiceProxy } from '#core/spi/service-proxy.ts';
import { HealthCheckPorts } from './health-check-ports.ts';
import { NodeHealthServers, type HealthServers } from './health-servers.ts';
import { healthz } from './healthz.ts';
import { ProxyHealth } from './proxy-health.ts';
import { ServiceView, type LocalService, type Taken } from './service-view.ts';
import { SyncLoop, type SyncLoopOptions } from './sync-loop.ts';

export interface ServiceProxyAgentOptions extends Pick<SyncLoopOptions, 'minIntervalMs' | 'lookEveryMs' | 'fullEveryMs'> {
  readonly proxy: ServiceProxy;
  /** Services, EndpointSlices, Nodes and ServiceCIDRs are read; somebody else runs them. */
  readonly informers: Informers;
  readonly nodeName: string;
  /** Ranges of the cluster's pods; see `ProxyState`. */
  readonly clusterCidrs: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  /** For health-check node ports; the addresses of this process when undefined. */
  readonly healthServers?: HealthServers;
  /** Where kube-proxy's `/healthz` is served, 10256 there. Nowhere when undefined. */
  readonly healthzPort?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** How the proxy is doing. */
export interface ServiceProxyReport {
  /** Changes do not wait longer than a minute. */
  readonly healthy: boolean;
  /** Milliseconds since the epoch; undefined before the first sync. */
  readonly syncedAt?: number;
  /** Why the last sync failed; undefined when it did not. */
  readonly failure?: string;
  readonly problems: readonly ProxyProblem[];
}

/** Keeps a node's service proxy true to the cluster's services and endpoints. */
export class ServiceProxyAgent implements Component {
  readonly name = 'service proxy';
  readonly #options: ServiceProxyAgentOptions;
  readonly #servers: HealthServers;
  readonly #health: ProxyHealth;
  readonly #view: ServiceView;
  readonly #loop: SyncLoop;
  readonly #ports: HealthCheckPorts;
  readonly #stop = new AbortController();
  readonly #told = new Map<string, string>();
  #running: Promise<void> = Promise.resolve();
  #closeHealthz: (() => Promise<void>) | undefined;
  #syncedAt: number | undefined;
  #failure: string | undefined;
  #problems: readonly ProxyProblem[] = [];

  constructor(options: ServiceProxyAgentOptions) {
    const { clock, informers, nodeName, clusterCidrs, random = Math.random } = options;
    this.#options = options;
    this.#servers = options.healthServers ?? new NodeHealthServers();
    this.#health = new ProxyHealth(clock);
    this.#loop = new SyncLoop({
      ...options, random, sync: (full, signal) => this.#sync(full, signal), intact: (signal) => this.#intact(signal), failed: (error) => this.#failed(error),
    });
    this.#view = new ServiceView({ informers, nodeName, clusterCidrs, changed: () => this.#changed() });
    this.#ports = new HealthCheckPorts({ servers: this.#servers, isHealthy: () => this.#health.isHealthy, failed: (service, error) => this.#portFailed(service, error) });
  }

  /** Resolves at once: the first sync comes when everything has been listed. */
  async start(signal: AbortSignal): Promise<void> {
    const { healthzPort, clock } = this.#options;
    signal.throwIfAborted();
    if (healthzPort !== undefined) this.#closeHealthz = await this.#serveHealthz(healthzPort, clock);
    this.#running = this.#run(this.#stop.signal);
  }

  /** Rules stay, so that services work while the agent is away; `ServiceProxy.remove` takes them away. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the service proxy stops'));
    await this.#running;
    this.#view.stop();
    await this.#ports.close();
    await this.#closeHealthz?.();
  }

  report(): ServiceProxyReport {
    return {
      healthy: this.#health.isHealthy, problems: this.#problems,
      ...(this.#syncedAt === undefined ? {} : { syncedAt: this.#syncedAt }), ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  /** Another proxy of the computer may have the port; services work without. */
  async #serveHealthz(port: number, clock: Clock): Promise<(() => Promise<void>) | undefined> {
    try {
      return await this.#servers.listen(port, healthz(this.#health, () => this.#view.node, clock));
    } catch (error) {
      this.#options.logger.warn('load balancers cannot ask for the health of the service proxy', { port, error });
      return undefined;
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#view.whenSynced(signal);
    } catch {
      return;
    }
    await this.#loop.run(signal);
  }

  #changed(): void {
    this.#health.queued();
    this.#loop.wake();
  }

  #intact(signal: AbortSignal): Promise<boolean> {
    const { proxy } = this.#options;
    return hasTripwire(proxy) ? proxy.intact(signal) : Promise.resolve(true);
  }

  async #sync(full: boolean, signal: AbortSignal): Promise<void> {
    const { proxy, clock, logger } = this.#options;
    const asOf = clock.now();
    const taken = this.#view.take();
    this.#tellRefused(taken);
    // The old answers stay until the rules are there: a load balancer must not come before them.
    const { problems, repaired } = await proxy.sync(taken.state, full ? undefined : taken.changed, signal);
    if (repaired > 0) logger.warn('put right what somebody else had changed of the service rules', { repaired });
    this.#syncedAt = clock.now();
    this.#health.synced(asOf);
    if (this.#failure !== undefined) this.#tellNode('normal', 'ServiceProxyRecovered', 'services are forwarded again');
    this.#failure = undefined;
    this.#tellProblems(problems);
    await this.#ports.serve(this.#view.health);
  }

  #failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#options.logger.warn('the service rules could not be brought up to date; trying again', { proxy: this.#options.proxy.name, error });
    this.#health.queued();
    if (this.#failure !== message) this.#tellNode('warning', 'ServiceProxyFailed', `service rules are out of date: ${message}`);
    this.#failure = message;
  }

  #tellNode(kind: 'normal' | 'warning', reason: string, message: string): void {
    const { node } = this.#view;
    if (node !== undefined) this.#options.events[kind](node, reason, message);
  }

  #tellRefused({ refused }: Taken): void {
    for (const { service, addresses } of refused) this.#tellOnce(service, 'EndpointRefused', `nothing is forwarded to ${addresses.slice(0, 5).join(', ')}: no service may have such endpoints`);
  }

  /** Those that are new, and of which something else is to be said than before. */
  #tellProblems(problems: readonly ProxyProblem[]): void {
    const known = new Set(this.#problems.map(({ port = '', message }) => `${port} ${message}`));
    this.#problems = problems;
    for (const { port = '', message } of problems) {
      if (known.has(`${port} ${message}`)) continue;
      this.#options.logger.warn('a service cannot be forwarded as it asks', { port, problem: message });
      const service = port === '' ? undefined : this.#serviceOf(port);
      if (service === undefined) this.#tellNode('warning', 'ServiceProxyDegraded', message);
      else this.#options.events.warning(service, 'ServiceNotForwarded', `node ${this.#options.nodeName}: ${message}`);
    }
  }

  #portFailed({ namespace, name, port }: LocalService, error: unknown): void {
    const service = this.#view.service({ namespace, name });
    const why = error instanceof Error ? error.message : String(error);
    if (service !== undefined) this.#tellOnce(service, 'FailedToStartServiceHealthcheck', `node ${this.#options.nodeName} failed to start healthcheck "${namespace}/${name}" on port ${port}: ${why}`);
  }

  #tellOnce(service: Service, reason: string, message: string): void {
    const key = `${service.metadata.uid} ${reason}`;
    if (this.#told.get(key) === message) return;
    if (this.#told.size >= mostTold) this.#told.clear();
    this.#told.set(key, message);
    this.#options.logger.warn(message, { service: `${service.metadata.namespace}/${service.metadata.name}` });
    this.#options.events.warning(service, reason, message);
  }

  #serviceOf(port: string): Service | undefined {
    const [namespace = '', rest = ''] = port.split('/', 2);
    return this.#view.service({ namespace, name: rest.split(':', 1)[0] ?? '' });
  }
}

const mostTold = 1000;
