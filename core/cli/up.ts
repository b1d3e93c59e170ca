import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AuthoritySigner } from '#core/authn/certificate-signer.ts';
import { CertificateProcess } from '#core/authn/certificate-process.ts';
import { ensureClusterPki, type ClusterPki } from '#core/authn/pki.ts';
import { ensureServiceAccountKeys } from '#core/authn/service-account/keys.ts';
import { writePrivateFile } from '#core/authn/pki-file.ts';
import { writeKubeconfig } from '#core/client/write-kubeconfig.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { startInOrder, type Component } from '#core/kernel/lifecycle.ts';
import { createLogger, type Logger, type LogFormat, type LogLevel } from '#core/kernel/logger.ts';
import { auditOf } from './audit.ts';
import { abilitiesOf, kubectlAbility } from './abilities.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { loadModules } from './load-module.ts';
import { ProviderConfig } from './provider-config.ts';
import { hostsOf, makeDataDir, settingsFor } from './settings.ts';
import { clusterNetworks, firstAddresses, nameService } from './nodes/cluster-networks.ts';
import { LocalNodes } from './nodes/local-nodes.ts';
import { untilAsked } from './stop-signals.ts';
import { summary } from './summary.ts';
import { kubernetesVersion } from './version.ts';

/** Runs the control plane until it is asked to stop. */
export async function up(values: FlagValues): Promise<number> {
  const stop = untilAsked();
  const dataDir = resolve(valueOf(values, 'data-dir'));
  await makeDataDir(dataDir);
  const setupMs = valueOf(values, 'setup') === 'true' ? await timed(async () => (await import('./setup.ts')).setUp(dataDir)) : 0;
  const lock = await lockDataDir(dataDir);
  try {
    return await run(values, dataDir, { stop, setupMs });
  } finally {
    await lock.release();
  }
}

async function run(values: FlagValues, dataDir: string, { stop, setupMs }: { readonly stop: AbortSignal; readonly setupMs: number }): Promise<number> {
  const logger = loggerOf(values);
  const host = valueOf(values, 'host');
  const advertise = valueOf(values, 'advertise-address') || await advertisedOf(host);
  const networks = clusterNetworks(values.get('cluster-cidr') ?? [], values.get('service-cluster-ip-range') ?? []);
  const nodes = new LocalNodes(values, { dataDir, logger, networks });
  const gateway = await nodes.prepare(stop);
  const pkiDir = resolve(valueOf(values, 'pki-dir') || join(dataDir, 'pki'));
  const certificates = new CertificateProcess();
  const [pki, { compose }, accountKeys, staticTokens, audit, store, providers] = await Promise.all([
    clusterPki(certificates, pkiDir, [...hostsOf(host), advertise, gateway ?? '', ...firstAddresses(networks)].filter((name) => name !== '')),
    // Most of the code, while the certificates are made.
    import('./compose.ts'),
    ensureServiceAccountKeys(pkiDir),
    tokenFile(valueOf(values, 'token-auth-file')),
    auditOf(values, logger),
    loadModules('store', [valueOf(values, 'store')]),
    loadModules('provider', values.get('provider') ?? []),
  ]);
  const config = await ProviderConfig.read(valueOf(values, 'provider-config'));
  config.checkSections(providers);
  const modules = await Promise.all([...store, ...providers].map(async (module) => ({ module, settings: { ...await settingsFor(module, dataDir), ...config.of(module), ...(nodes.names.length === 0 ? {} : { nodeNames: nodes.names }) } })));
  const abilities = Promise.all([kubectlAbility().then((one) => [one]), nodes.lack(stop), ...modules.map(({ module, settings }) => abilitiesOf(module, settings))]);
  // What fails in it fails again where it is awaited.
  abilities.catch(() => undefined);
  const { components, apiServer, client } = compose({
    nodeIpam: { clusterCidrs: networks.clusterCidrs, reserved: networks.serviceCidrs }, nodeDefaults: networks, objects: nameService(networks),
    logger, collectsWhenIdle: true, signer: new AuthoritySigner(pki.authority, systemClock, certificates), modules: modules.map(({ module, settings }) => module.create(settings)),
    apiServer: {
      host, port: Number(valueOf(values, 'port')), ...(advertise === '' ? {} : { advertise }), serviceCidrs: networks.serviceCidrs, tls: { ca: pki.ca, ...pki.serving }, version: kubernetesVersion(), outbound: { frontProxy: pki.frontProxy, nodeAgents: pki.nodeClient },
      authentication: { accountKeys, issuer: valueOf(values, 'service-account-issuer'), ...(staticTokens === undefined ? {} : { staticTokens }) },
      ...(audit ? { audit } : {}),
    },
  });
  const halt = await startOrStop(components, stop);
  if (halt === undefined) return 0;
  try {
    const path = join(dataDir, 'kubeconfig');
    await writePrivateFile(path, writeKubeconfig({ server: apiServer.url, ca: pki.ca, ...pki.admin }));
    await nodes.start({ client, apiServer, kubeconfig: path, clientCa: pki.ca }, stop);
    const startedInMs = performance.now() - setupMs;
    process.stdout.write(summary({ url: apiServer.url, kubeconfig: path, startedInMs, abilities: (await abilities).flat(), hasNodes: nodes.names.length > 0 }));
    void import('./compile-cache.ts').then(({ pruneCompileCache }) => pruneCompileCache(process.env['NODE_COMPILE_CACHE']));
    await aborted(stop);
  } finally {
    await nodes.stop();
    await halt();
  }
  return 0;
}

/** '' where the server's own address says it all. */
const advertisedOf = async (host: string): Promise<string> => (host === '0.0.0.0' || host === '::' ? (await (await import('./join-address.ts')).mainAddress(host)) ?? '' : '');

/** Those that are there take no library to read. */
const clusterPki = (certificates: CertificateProcess, dir: string, hosts: readonly string[]): Promise<ClusterPki> =>
  (existsSync(join(dir, 'apiserver.crt')) ? ensureClusterPki({ dir, hosts, clock: systemClock }) : certificates.ensureClusterPki(dir, hosts));

/** Undefined when it was asked to stop before everything had started. */
async function startOrStop(components: readonly Component[], stop: AbortSignal): Promise<(() => Promise<void>) | undefined> {
  try {
    return await startInOrder(components, { signal: stop });
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  }
}

async function timed(action: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
});

function loggerOf(values: FlagValues): Logger {
  const level = valueOf(values, 'log-level') as LogLevel;
  const format = valueOf(values, 'log-format') as LogFormat;
  return createLogger({ level, format, write: (line) => process.stderr.write(`${line}\n`) });
}

async function tokenFile(path: string): Promise<string | undefined> {
  if (path === '') return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`the file of --token-auth-file, ${path}, cannot be read`, { cause: error });
  }
}
