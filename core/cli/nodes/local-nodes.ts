import { join, resolve } from 'node:path';
import type { ClusterNetworks } from '#core/agent/node-agent-options.ts';
import type { ApiServer } from '#core/apiserver/api-server.ts';
import { valueOf, type FlagValues } from '#core/cli/flags.ts';
import type { Client } from '#core/client/client.ts';
import { systemClock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Ability } from '#core/kernel/module.ts';
import type { NodeMachines } from '#core/spi/machines.ts';
import { findMachines } from './find-machines.ts';
import type { MachineNodes } from './machine-nodes.ts';
import { lockNetwork } from './node-lock.ts';
import { nodeNamesOf, planNodes, type NodePlan } from './node-plan.ts';

export interface LocalNodesOptions {
  readonly dataDir: string;
  readonly logger: Logger;
  readonly networks: ClusterNetworks;
}

/** The control plane that they join. */
export interface JoinedPlane {
  readonly client: Client;
  readonly apiServer: ApiServer;
  /** File of the administrator's. */
  readonly kubeconfig: string;
  readonly clientCa: string;
}

/** Where what belongs to the nodes of this computer is, below the data directory. */
export const thisNodeDir = (dataDir: string): string => join(dataDir, 'agent');
export const machinesDir = (dataDir: string): string => join(dataDir, 'machines');

/** The nodes that a control plane has on its own computer, by its flag `--nodes`. */
export class LocalNodes {
  readonly names: readonly string[];
  readonly #values: FlagValues;
  readonly #options: LocalNodesOptions;
  readonly #nodes: string;
  #plan: Promise<NodePlan> | undefined;
  #machines: NodeMachines | undefined;
  #running: { stop(): Promise<void> } | undefined;
  #unlock: (() => void) | undefined;

  constructor(values: FlagValues, options: LocalNodesOptions) {
    this.#values = values;
    this.#options = options;
    this.#nodes = valueOf(values, 'nodes');
    this.names = nodeNamesOf(this.#nodes);
  }

  /**
   * Before anything else: machines need an address at which they find the API server. Undefined without machines.
   * @throws {Error} when there cannot be the nodes that somebody asks for
   */
  async prepare(signal: AbortSignal): Promise<string | undefined> {
    if (this.#nodes !== 'auto') await this.#planned();
    if (this.names.length < 2) return undefined;
    this.#machines = await this.#findMachines();
    return this.#machines.gateway(signal);
  }

  /** Why there are none, for people who might have expected some. */
  async lack(stop: AbortSignal): Promise<readonly Ability[]> {
    if (stop.aborted) return [];
    const plan = await this.#planned();
    return plan.kind === 'none' && plan.why !== undefined ? [plan.why] : [];
  }

  async start(plane: JoinedPlane, signal: AbortSignal): Promise<void> {
    const plan = await this.#planned();
    if (signal.aborted || plan.kind === 'none') return;
    this.#running = plan.kind === 'here' ? await this.#startHere(plan.name, plane, signal) : await this.#startMachines(plan.names, plane, signal);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#unlock?.();
  }

  #planned(): Promise<NodePlan> {
    return (this.#plan ??= this.#choose());
  }

  async #choose(): Promise<NodePlan> {
    const plan = await this.#possible();
    if (plan.kind !== 'here') return plan;
    this.#unlock = await lockNetwork();
    if (this.#unlock !== undefined) return plan;
    const reason = 'another Keelson has its node in the network of this computer';
    if (this.#nodes !== 'auto') throw new Error(`this computer can run no more pods: ${reason}`);
    return { kind: 'none', why: { name: 'running pods', available: false, reason } };
  }

  #possible(): Promise<NodePlan> {
    return planNodes(this.#nodes, { stateDir: thisNodeDir(this.#options.dataDir), nodeName: this.names[0] ?? '' });
  }

  async #startHere(name: string, { client, apiServer, clientCa }: JoinedPlane, signal: AbortSignal): Promise<{ stop(): Promise<void> }> {
    const { dataDir, networks, logger } = this.#options;
    // Most of the agent's code, which a control plane without nodes never needs.
    const { startThisNode } = await import('./this-node.ts');
    const ended = new AbortController();
    const agent = await startThisNode({
      name, dir: thisNodeDir(dataDir), providers: this.#providers, networks, client, apiServer, clientCa, logger: logger.with({ component: 'agent' }),
      providerDir: dataDir, providerSettings: { isGuest: true, nodeNames: this.names }, providerConfig: this.#providerConfig,
    }, AbortSignal.any([signal, ended.signal]));
    return {
      stop: async () => {
        ended.abort(new Error('the node stops'));
        await agent.stop();
      },
    };
  }

  async #startMachines(names: readonly string[], { apiServer, kubeconfig }: JoinedPlane, signal: AbortSignal): Promise<MachineNodes> {
    const { dataDir, logger, networks: { clusterDns } } = this.#options;
    const machines = (this.#machines ??= await this.#findMachines());
    const gateway = await machines.gateway(signal);
    await apiServer.serveAt(gateway);
    const { MachineNodes } = await import('./machine-nodes.ts');
    const { serveNames } = await import('./machine-names.ts');
    const nodes = new MachineNodes({
      machines, names, dir: machinesDir(dataDir), server: `https://${gateway}:${new URL(apiServer.url).port}`, kubeconfig, providers: this.#providers, providerDir: dataDir, providerConfig: this.#providerConfig,
      logLevel: valueOf(this.#values, 'log-level'), clock: systemClock, logger: logger.with({ component: 'machines' }),
      clusterDns, serveNames: () => serveNames({ address: gateway, dataDir, logger: logger.with({ component: 'machines' }) }, signal),
    });
    await nodes.start(signal);
    return nodes;
  }

  get #providerConfig(): string {
    const path = valueOf(this.#values, 'provider-config');
    return path === '' ? '' : resolve(path);
  }

  get #providers(): readonly string[] {
    return (this.#values.get('provider') ?? []).filter((name) => name !== '');
  }

  async #findMachines(): Promise<NodeMachines> {
    const found = await findMachines(this.#providers, this.#options.dataDir, this.#options.logger);
    if (found === undefined) throw new Error(`none of the providers (${this.#providers.join(', ')}) makes machines, which --nodes ${this.#nodes} needs; the provider local does`);
    return found;
  }
}
