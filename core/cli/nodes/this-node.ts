import { createServer } from 'node:net';
import { join } from 'node:path';
import { startNodeAgent, type NodeAgent } from '#core/agent/start-node-agent.ts';
import type { ClusterNetworks } from '#core/agent/node-agent-options.ts';
import { Cidr, ipText } from '#core/api/ip.ts';
import type { ApiServer } from '#core/apiserver/api-server.ts';
import { loadNodePlugins } from '#core/cli/agent-plugins.ts';
import { kubernetesVersion } from '#core/cli/version.ts';
import type { Client } from '#core/client/client.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ModuleSettings } from '#core/kernel/module.ts';
import { approveOwnRequests } from './own-approval.ts';
import { builtInNode } from './node-plan.ts';

export interface ThisNodeOptions {
  readonly name: string;
  /** The agent's own folder. */
  readonly dir: string;
  readonly providers: readonly string[];
  readonly networks: ClusterNetworks;
  readonly client: Client;
  readonly apiServer: ApiServer;
  readonly clientCa: string;
  readonly logger: Logger;
  /** Of the providers' modules, whose state is the control plane's. */
  readonly providerSettings: Partial<ModuleSettings>;
  readonly providerDir: string;
  /** File of the providers' own settings; none when ''. */
  readonly providerConfig: string;
}

const kubeletPort = 10_250;

/** Runs this computer's node in the process of the control plane. Pods reach the API by the address that the node has among them. */
export async function startThisNode(options: ThisNodeOptions, signal: AbortSignal): Promise<NodeAgent> {
  const { name, dir, networks, client, clientCa, logger } = options;
  const plugins = await loadNodePlugins({
    modules: { ...builtInNode, providers: options.providers }, dataDir: dir, nodeName: name, clusterDns: networks.clusterDns, clock: systemClock, logger,
    providerDir: options.providerDir, providerSettings: options.providerSettings, providerConfig: options.providerConfig,
  });
  const informers = new SharedInformers({ reader: client, clock: systemClock, logger });
  const endApproval = approveOwnRequests(informers, client, systemClock, logger);
  const agent = await startNodeAgent({
    informers,
    settings: { name, kubeletVersion: kubernetesVersion().gitVersion, port: await freePort(kubeletPort), dir: join(dir, 'node') },
    networks, plugins, client, serving: { certificateDir: join(dir, 'pki') }, clientCa, clock: systemClock, logger,
  }, signal);
  void serveToPods(agent, options.apiServer, signal).catch((error: unknown) => {
    if (!signal.aborted) logger.warn('pods cannot reach the API server', { error });
  });
  const reading = new AbortController();
  const running = informers.run(reading.signal);
  return {
    ...agent,
    stop: async () => {
      await agent.stop();
      endApproval();
      reading.abort(new Error('the node stops'));
      await running;
    },
  };
}

/** The wanted port, or any other when somebody has it: a kubelet, or another Keelson. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && wanted !== 0) resolve(freePort(0));
      else reject(error);
    });
    server.listen(wanted, '::', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted));
    });
  });
}

/** As soon as the node has a range, and the bridge its first address. */
async function serveToPods(agent: NodeAgent, apiServer: ApiServer, signal: AbortSignal): Promise<void> {
  for (;;) {
    const cidr = Cidr.parse(agent.node()?.spec.podCIDR ?? '');
    if (cidr !== undefined) {
      try {
        await apiServer.serveAt(ipText(cidr.nth(1n)));
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error;
      }
    }
    await systemClock.sleep(200, signal);
  }
}
