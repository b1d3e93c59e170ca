import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { joinCluster, type JoinCredentials, type Membership } from '#core/agent/join/join-cluster.ts';
import { nodeIpsProblem } from '#core/agent/node/addresses.ts';
import { parseThresholds } from '#core/agent/node/eviction/thresholds.ts';
import type { NodeSettings } from '#core/agent/node/settings.ts';
import { startNodeAgent } from '#core/agent/start-node-agent.ts';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { createLogger, type Logger, type LogFormat, type LogLevel } from '#core/kernel/logger.ts';
import { given, nodeLabels, nodeTaints, reservedOf, valueIfGiven } from './agent-flags.ts';
import { loadNodePlugins, type LoadNodeOptions } from './agent-plugins.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { UsageError } from './failure.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { IdleCollector } from './idle-collector.ts';
import { readNodeDefaults } from './node-defaults.ts';
import { makeDataDir, nodeName } from './settings.ts';
import { untilStarterEnds } from './starter.ts';
import { untilAsked } from './stop-signals.ts';
import { kubernetesVersion } from './version.ts';

/** Joins a cluster and runs this machine's node until it is asked to stop. Its pods run on then. */
export async function agent(values: FlagValues): Promise<number> {
  const stop = valueOf(values, 'with-starter') === 'true' ? AbortSignal.any([untilAsked(), untilStarterEnds()]) : untilAsked();
  const dataDir = resolve(valueOf(values, 'data-dir'));
  const settings = settingsOf(values, dataDir);
  const thresholds = thresholdsOf(values);
  const credentials = await credentialsOf(values);
  await makeDataDir(dataDir);
  const lock = await lockDataDir(dataDir);
  try {
    const logger = loggerOf(values);
    const server = valueOf(values, 'server') || ('connection' in credentials ? credentials.connection.server : '');
    if (server === '') throw new UsageError('keelson agent needs --server URL, the API server of the cluster to join');
    const membership = await joinCluster({ server, nodeName: settings.name, dir: pkiDir(dataDir), credentials: at(server, credentials), clock: systemClock, logger }, stop);
    await run(values, { membership, settings, thresholds, dataDir, logger }, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    await lock.release();
  }
  return 0;
}

interface Joined {
  readonly membership: Membership;
  readonly settings: NodeSettings;
  readonly thresholds: ReturnType<typeof parseThresholds>;
  readonly dataDir: string;
  readonly logger: Logger;
}

async function run(values: FlagValues, { membership, settings, thresholds, dataDir, logger }: Joined, stop: AbortSignal): Promise<void> {
  const end = new AbortController();
  const rotation = membership.run(end.signal);
  try {
    const networks = await readNodeDefaults(membership.client, {
      clusterCidrs: given(values, 'cluster-cidr'), clusterDns: given(values, 'cluster-dns'), clusterDomain: valueIfGiven(values, 'cluster-domain'),
    }, { dir: dataDir, clock: systemClock, logger, signal: stop });
    const [runtime, network, proxy, dns] = ['runtime', 'network', 'proxy', 'dns'].map((name) => valueOf(values, name)) as [string, string, string, string];
    const plugins = await loadNodePlugins({
      modules: { runtime, network, proxy, dns, providers: given(values, 'provider') }, providerConfig: valueOf(values, 'provider-config'), dataDir, nodeName: settings.name, clusterDns: networks.clusterDns, netns: valueIfGiven(values, 'netns'), clock: systemClock, logger,
      ...ofProviders(values),
    });
    const staticPods = valueIfGiven(values, 'pod-manifest-path');
    const proxyHealthPort = Number(valueOf(values, 'proxy-healthz-port'));
    const started = await startNodeAgent({
      settings, networks, plugins: { ...plugins, components: [...plugins.components, new IdleCollector(systemClock)] }, client: membership.client, serving: { certificateDir: pkiDir(dataDir) }, clientCa: membership.ca, host: valueOf(values, 'host'), thresholds,
      ...(staticPods === undefined ? {} : { staticPods: resolve(staticPods) }), ...(proxyHealthPort === 0 ? {} : { proxyHealthPort }), clock: systemClock, logger,
    }, stop);
    try {
      void started.registered.then(() => process.stdout.write(`The node ${settings.name} has joined ${membership.server}.\n`));
      await aborted(stop);
    } finally {
      await started.stop();
    }
  } finally {
    end.abort(new Error('the agent stops'));
    await rotation;
    membership.close();
  }
}

/** A kubeconfig's own address is for whoever has no other. */
const at = (server: string, credentials: JoinCredentials): JoinCredentials =>
  ('connection' in credentials ? { connection: { ...credentials.connection, server } } : credentials);

/** The providers of a control plane on this computer are its own; here they are only used. */
const ofProviders = (values: FlagValues): Pick<LoadNodeOptions, 'providerDir' | 'providerSettings'> => {
  const dir = valueIfGiven(values, 'provider-dir');
  const providerId = valueIfGiven(values, 'provider-id');
  return dir === undefined ? { providerSettings: { providerId } } : { providerDir: resolve(dir), providerSettings: { providerId, isGuest: true } };
};

const pkiDir = (dataDir: string): string => join(dataDir, 'pki');

function settingsOf(values: FlagValues, dataDir: string): NodeSettings {
  const addresses = given(values, 'node-ip');
  const problem = nodeIpsProblem(addresses);
  const providerId = valueIfGiven(values, 'provider-id');
  if (problem !== undefined) throw new UsageError(`--node-ip ${addresses.join(' --node-ip ')}: ${problem}`);
  return {
    name: valueIfGiven(values, 'node-name') ?? nodeName(), kubeletVersion: kubernetesVersion().gitVersion, port: Number(valueOf(values, 'port')), dir: join(dataDir, 'node'),
    labels: nodeLabels(values), taints: nodeTaints(values), addresses, maxPods: Number(valueOf(values, 'max-pods')),
    systemReserved: reservedOf(values, 'system-reserved'), kubeReserved: reservedOf(values, 'kube-reserved'),
    isExternal: valueOf(values, 'cloud-provider') === 'external', ...(providerId === undefined ? {} : { providerId }),
  };
}

function thresholdsOf(values: FlagValues): ReturnType<typeof parseThresholds> {
  const [hard, soft, softGracePeriod, minimumReclaim] = ['eviction-hard', 'eviction-soft', 'eviction-soft-grace-period', 'eviction-minimum-reclaim'].map((name) => valueIfGiven(values, name));
  try {
    return parseThresholds({ ...(hard ? { hard } : {}), ...(soft ? { soft } : {}), ...(softGracePeriod ? { softGracePeriod } : {}), ...(minimumReclaim ? { minimumReclaim } : {}) });
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  }
}

async function credentialsOf(values: FlagValues): Promise<JoinCredentials> {
  const path = valueIfGiven(values, 'kubeconfig');
  const token = valueIfGiven(values, 'token');
  if (path === undefined) return { token, caHashes: given(values, 'ca-hash'), skipsCaVerification: valueOf(values, 'discovery-token-unsafe-skip-ca-verification') === 'true' };
  if (token !== undefined) throw new UsageError('--kubeconfig and --token are two ways to join; give one of them');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`the file of --kubeconfig, ${path}, cannot be read`, { cause });
  });
  return { connection: readKubeconfig(text, { folder: dirname(resolve(path)) }) };
}

const loggerOf = (values: FlagValues): Logger => createLogger({
  level: valueOf(values, 'log-level') as LogLevel, format: valueOf(values, 'log-format') as LogFormat, write: (line) => process.stderr.write(`${line}\n`),
});

const aborted = (signal: AbortSignal): Promise<void> => new Promise((done) => {
  if (signal.aborted) done();
  else signal.addEventListener('abort', () => done(), { once: true });
});
