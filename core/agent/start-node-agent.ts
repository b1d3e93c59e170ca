import { ClusterNames } from '#core/agent/dns/cluster-names.ts';
import { NetworkPolicyAgent } from '#core/agent/network-policy/network-policy-agent.ts';
import { EvictionManager } from '#core/agent/node/eviction/eviction-manager.ts';
import { ImageCollector } from '#core/agent/node/eviction/image-collector.ts';
import { parseThresholds } from '#core/agent/node/eviction/thresholds.ts';
import { systemMachine, type Machine } from '#core/agent/node/machine.ts';
import { NodeLease } from '#core/agent/node/node-lease.ts';
import { NodeNetworkController } from '#core/agent/node/node-network.ts';
import { NodeReporter } from '#core/agent/node/node-reporter.ts';
import { NodeObserver } from '#core/agent/node/observed.ts';
import { PodManager } from '#core/agent/pods/pod-manager.ts';
import { StaticPodFolder } from '#core/agent/pods/sources/static-pods.ts';
import { ReviewAuth } from '#core/agent/server/access/review-auth.ts';
import { AgentServer } from '#core/agent/server/agent-server.ts';
import { MachineSummary } from '#core/agent/server/stats/node-figures.ts';
import { ServiceProxyAgent } from '#core/agent/service-proxy/service-proxy-agent.ts';
import { CsiNodeKeeper } from '#core/agent/volumes/csi-node.ts';
import { NodeVolumes } from '#core/agent/volumes/node-volumes.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { ApiEventRecorders } from '#core/client/api-event-recorder.ts';
import { startInOrder, type Component } from '#core/kernel/lifecycle.ts';
import { ControllerRunner } from '#core/reconcile/controller-runner.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { configuresNode, enforcesPolicies } from '#core/spi/network-plugin.ts';
import { Background } from './background.ts';
import type { NodeAgentOptions } from './node-agent-options.ts';
import { nodeFacts } from './node-facts.ts';
import { requestedCertificate, servedWhenSigned, servingTls } from './serving.ts';

/** A node that is at work. */
export interface NodeAgent {
  readonly name: string;
  /** The Node object as last read or written; undefined before it is registered. */
  node(): Node | undefined;
  /** Resolves when the node stands in the API. */
  readonly registered: Promise<Node>;
  readonly pods: PodManager;
  /** Ends the agent, and not the pods: they run on, and whoever starts next on the same folder adopts them. */
  stop(): Promise<void>;
}

/**
 * Runs the agent of one node in this process, with the connection of a node that has joined or of the control plane itself. It does not wait
 * for the API, nor for the container runtime: what runs already is adopted when they answer.
 * @throws {Error} when a part cannot start at all; then nothing is left running
 */
export async function startNodeAgent(options: NodeAgentOptions, signal: AbortSignal): Promise<NodeAgent> {
  const { settings, client, clock } = options;
  const logger = options.logger.with({ node: settings.name });
  const recorders = new ApiEventRecorders({ writer: client, clock, logger, host: settings.name });
  const informers = options.informers ?? new SharedInformers({ reader: client, clock, logger });
  const parts = await composeNode({ ...options, logger, informers, recorders });
  const runs = informers instanceof SharedInformers && options.informers === undefined ? [new Background('informers', (end) => informers.run(end))] : [];
  // Informers come last: they serve those that were asked for before.
  const stop = await startInOrder([...options.plugins.components, recorders, ...parts.components, ...runs], { signal, stopTimeoutMs: 20_000 });
  const { reporter, pods } = parts;
  return { name: settings.name, node: () => reporter.node, registered: reporter.registered, pods, stop };
}

type Surroundings = NodeAgentOptions & Required<Pick<NodeAgentOptions, 'informers'>> & { readonly recorders: ApiEventRecorders };

interface NodeParts {
  readonly reporter: NodeReporter;
  readonly pods: PodManager;
  readonly components: readonly Component[];
}

async function composeNode(around: Surroundings): Promise<NodeParts> {
  const { settings, networks, plugins, client, informers, clock, logger, recorders, machine = systemMachine, thresholds = parseThresholds() } = around;
  const { name, dir: rootDir } = settings;
  const { runtime, network, volumeDrivers: drivers, controllerSides } = plugins;
  const recorder = recorders.for('kubelet');
  // Made last of all, as it tells of all the others, and asked by them from the beginning.
  const late: { reporter?: NodeReporter } = {};
  const node = (): Node | undefined => late.reporter?.node;
  const changed = (): void => late.reporter?.poke();

  const volumes = await NodeVolumes.open({ root: rootDir, nodeName: name }, {
    client, clock, events: recorder, drivers, ...(controllerSides ? { controllerSides } : {}), allocatable: () => node()?.status.allocatable ?? {},
    node: () => {
      const found = node();
      return found && { name, labels: found.metadata.labels ?? {} };
    },
  });
  const images = new ImageCollector({ runtime, machine, clock, logger, recorder, node });
  const policies = enforcesPolicies(network) ? new NetworkPolicyAgent({ enforcer: network, informers, node, events: recorder, clock, logger }) : undefined;
  const pods: PodManager = new PodManager({
    client, informers, runtime, network, volumes, clock, logger, recorder, rootDir, node: nodeFacts(name, node, networks, machine), admission: [(pod) => eviction.admit(pod)],
    ...(policies === undefined ? {} : { policies }),
    ...(around.staticPods === undefined ? {} : { staticPods: new StaticPodFolder({ folder: around.staticPods, nodeName: name, clock, logger }) }),
  });
  const eviction: EvictionManager = new EvictionManager({
    pods, evictor: pods, containers: pods, images, runtime, volumes, machine, thresholds, nodeDir: rootDir, clock, logger, recorder, node, changed,
  });
  const networkController = configuresNode(network)
    ? new NodeNetworkController({ nodeName: name, informers, client, plugin: network, clusterCidrs: networks.clusterCidrs, logger, changed }) : undefined;
  const server = serverOf(around, pods, node);
  const observer = new NodeObserver({
    settings: { ...settings, get port() {
      return server.port();
    } },
    machine, clock, runtime, network, thresholds, pressures: () => eviction.pressures, networkUnavailable: () => networkController?.state, volumesInUse: () => volumes.inUse(),
  });
  const reporter = (late.reporter = new NodeReporter({ settings, observer, client, clock, logger, recorder }));
  return {
    reporter, pods,
    components: [
      server.component, reporter, new NodeLease({ nodeName: name, node, client, clock, logger }), new CsiNodeKeeper({ client, clock, logger, drivers }, { nodeName: name }),
      ...(networkController === undefined ? [] : [controllerOf(networkController, around)]),
      ...(policies === undefined ? [] : [policies]), ...namesOf(around), ...proxyOf(around), pods, eviction, images,
    ],
  };
}

function serverOf({ settings, serving, clientCa, host = '::', client, clock, logger, plugins: { runtime }, machine = systemMachine }: Surroundings, pods: PodManager, node: () => Node | undefined) {
  const { name, dir, port } = settings;
  const certificate = 'pair' in serving ? undefined : requestedCertificate({ dir: serving.certificateDir, node, client, clock, logger });
  const pair = 'pair' in serving ? serving.pair : () => certificate?.current;
  const server = new AgentServer({
    directory: pods, runtime, tls: servingTls(pair, clientCa), auth: new ReviewAuth(client, name, clock), host: listenable(host, machine), port, clock, logger,
    nodeSummary: new MachineSummary(name, machine, clock, { rootDir: dir, imageFileSystem: (signal) => runtime.imageFileSystem(signal) }),
    syncLoop: () => (pods.isRuntimeAnswering ? undefined : 'the container runtime does not answer'),
  });
  return certificate === undefined
    ? { component: server, port: () => server.port }
    : { component: servedWhenSigned(server, certificate, { clock, logger }), port: () => port };
}

/** Where the kernel has no IPv6, everywhere is `0.0.0.0`. */
const listenable = (host: string, machine: Machine): string =>
  (host === '::' && !Object.values(machine.interfaces()).some((all) => all?.some(({ family }) => family === 'IPv6')) ? '0.0.0.0' : host);

/** What a controller needs of a manager, without waiting for the first lists: the API may be away for long. */
function controllerOf(controller: NodeNetworkController, { clock, logger }: Surroundings): Component {
  const runner = new ControllerRunner(controller, { clock, logger, queue: { baseDelayMs: 100, maxDelayMs: 10_000 } });
  return new Background(controller.name, async (signal) => {
    runner.subscribe();
    await Promise.all(controller.sources.map(({ informer }) => informer.whenSynced(signal))).catch(() => undefined);
    if (!signal.aborted) await runner.run(signal);
    runner.close();
  });
}

function namesOf({ plugins: { nameServer }, networks, informers, clock, logger }: Surroundings): readonly Component[] {
  if (nameServer === undefined) return [];
  const { clusterDomain, clusterDns, serviceCidrs, clusterCidrs } = networks;
  // Pods, and this machine itself, which asks by the name server's own address.
  nameServer.setClients([...serviceCidrs, ...clusterCidrs]);
  return [new ClusterNames({ informers, server: nameServer, clock, logger, clusterDomain, clusterDns, ranges: [...serviceCidrs, ...clusterCidrs] })];
}

function proxyOf({ plugins: { proxy }, networks: { clusterCidrs }, settings: { name: nodeName }, informers, clock, logger, recorders, proxyHealthPort }: Surroundings): readonly Component[] {
  if (proxy === undefined) return [];
  return [new ServiceProxyAgent({ proxy, informers, nodeName, clusterCidrs, clock, logger, events: recorders.for('kube-proxy'), ...(proxyHealthPort === undefined ? {} : { healthzPort: proxyHealthPort }) })];
}
