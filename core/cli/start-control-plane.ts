import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AuthoritySigner, inThisThread } from '#core/authn/certificate-signer.ts';
import { ensureClusterPki, issueClusterPki, type ClusterPki } from '#core/authn/pki.ts';
import { ensureServiceAccountKeys, newServiceAccountKeys, type ServiceAccountKeys } from '#core/authn/service-account/keys.ts';
import type { Client } from '#core/client/client.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { startInOrder } from '#core/kernel/lifecycle.ts';
import { createLogger, silentLogger, type LogLevel, type Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { compose } from './compose.ts';
import { lockDataDir } from './data-dir-lock.ts';
import type { CrdSource } from './install-crds.ts';
import type { WebhookServer, WebhookSource } from './install-webhooks.ts';
import { loadModule } from './load-module.ts';
import { PlaneAccess } from './plane-access.ts';
import type { PlaneUser } from './plane-user.ts';
import { hostsOf, makeDataDir, settingsFor } from './settings.ts';
import { kubernetesVersion, nodeVersionProblem } from './version.ts';

export interface ControlPlaneOptions {
  /** `memory` by default, which keeps nothing; `sqlite`, `etcd://HOST:2379`, or a module's name as after `--store`. */
  readonly store?: string;
  /** Storage, clouds and networks: names as after `--provider`, or modules. None by default. */
  readonly providers?: readonly (string | KeelsonModule)[];
  /** Where state is kept. Without it there are no files, or, where a store or provider needs a folder, one that goes with `stop`. */
  readonly dataDir?: string;
  /** Address to listen on; `127.0.0.1` by default. */
  readonly host?: string;
  /** Any free one by default. */
  readonly port?: number;
  /** False for an API whose namespaces, claims and owners nobody acts on, as envtest's. True by default. */
  readonly controllers?: boolean;
  /** Installed before it is ready: definitions, YAML or JSON files with them, or folders of such files. */
  readonly crds?: readonly CrdSource[];
  /** Users with bearer tokens: lines of `token,user,uid,"group1,group2"`, as in the file of `--token-auth-file`. */
  readonly tokens?: string;
  /** What goes to standard error; nothing by default. */
  readonly logLevel?: LogLevel;
}

/** A control plane that serves. With `await using` it stops where its name goes out of scope. */
export interface ControlPlane extends AsyncDisposable {
  /** Such as `https://127.0.0.1:41234`. */
  readonly url: string;
  /** Text of a kubeconfig for its administrator, a member of `system:masters`. */
  readonly kubeconfig: string;
  /** Reads and writes in the name of the control plane, which may do everything, without going through HTTPS. What comes back is frozen. */
  readonly client: Client;
  /** Text of a kubeconfig for somebody else, with a client certificate. What they may do is for RBAC to say. */
  kubeconfigFor(user: PlaneUser): Promise<string>;
  /** A client of somebody else, over HTTPS; it is closed with the control plane. */
  clientFor(user: PlaneUser): Promise<Client>;
  /** Installs definitions, in place of those of the same name, and resolves when they are served. @throws {Error} when one is refused, or not established within 10 s */
  installCrds(sources: readonly CrdSource[]): Promise<void>;
  /** Certificate and key, PEM, for a webhook server under test; for `localhost` and `127.0.0.1` by default. */
  servingCertificate(hosts?: readonly string[]): Promise<{ readonly cert: string; readonly key: string }>;
  /** Installs webhook configurations with every webhook at `server`, and points conversion webhooks of installed definitions there. The paths stay. */
  installWebhooks(sources: readonly WebhookSource[], server: WebhookServer): Promise<void>;
  /** Resolves when nothing of it is left: no port, timer, process or file. */
  stop(): Promise<void>;
}

/**
 * Runs a whole control plane in this process: API server, store and controllers. Any number of them may run at a time.
 * @throws {Error} when a part cannot start; then nothing is left running
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const problem = nodeVersionProblem();
  if (problem !== undefined) throw new Error(problem);
  const place = await placeFor(options);
  try {
    return await start(options, place);
  } catch (error) {
    await place.leave();
    throw error;
  }
}

interface Place {
  /** '' when nothing is kept. */
  readonly dir: string;
  readonly isKept: boolean;
  leave(): Promise<void>;
}

async function placeFor({ dataDir, store = 'memory', providers = [] }: ControlPlaneOptions): Promise<Place> {
  if (dataDir !== undefined) {
    const dir = resolve(dataDir);
    await makeDataDir(dir);
    const lock = await lockDataDir(dir);
    return { dir, isKept: true, leave: () => lock.release() };
  }
  if (store === 'memory' && providers.length === 0) return { dir: '', isKept: false, leave: async () => undefined };
  const dir = await mkdtemp(join(tmpdir(), 'keelson-'));
  return { dir, isKept: false, leave: () => rm(dir, { recursive: true, force: true }) };
}

async function start(options: ControlPlaneOptions, place: Place): Promise<ControlPlane> {
  const { store = 'memory', providers = [], host = '127.0.0.1', port = 0, controllers = true, tokens, crds = [] } = options;
  const [pki, accountKeys, ...loaded] = await Promise.all([
    pkiOf(host, place), keysOf(place), loadModule('store', store), ...providers.map((one) => (typeof one === 'string' ? loadModule('provider', one) : one)),
  ]);
  const modules = await Promise.all(loaded.map(async (module) => module.create(await (place.dir === '' ? noPlace : settingsFor(module, place.dir)))));
  const { components, apiServer, client } = compose({
    logger: loggerOf(options.logLevel), modules, controllers, signer: new AuthoritySigner(pki.authority, systemClock, inThisThread),
    apiServer: {
      host, port, tls: { ca: pki.ca, ...pki.serving }, version: kubernetesVersion(), outbound: { frontProxy: pki.frontProxy, nodeAgents: pki.nodeClient },
      authentication: { accountKeys, ...(tokens === undefined ? {} : { staticTokens: tokens }) },
    },
  });
  const halt = await startInOrder(components, { signal: new AbortController().signal });
  try {
    const access = new PlaneAccess(apiServer.url, pki);
    if (crds.length > 0) await (await import('./install-crds.ts')).installCrds(client, crds);
    return planeOf({ url: apiServer.url, client, kubeconfig: access.kubeconfigOf(pki.admin) }, pki.ca, access, () => end(access, halt, place));
  } catch (error) {
    await halt().catch(() => undefined);
    throw error;
  }
}

function planeOf(known: Pick<ControlPlane, 'url' | 'client' | 'kubeconfig'>, ca: string, access: PlaneAccess, end: () => Promise<void>): ControlPlane {
  const { client } = known;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= end());
  return {
    ...known, stop, [Symbol.asyncDispose]: stop,
    kubeconfigFor: (user) => access.kubeconfigFor(user),
    clientFor: (user) => access.clientFor(user),
    installCrds: async (sources) => (await import('./install-crds.ts')).installCrds(client, sources),
    servingCertificate: (hosts = ['localhost', '127.0.0.1']) => access.servingCertificate(hosts),
    installWebhooks: async (sources, server) => (await import('./install-webhooks.ts')).installWebhooks(client, sources, { ca, ...server }),
  };
}

async function end(access: PlaneAccess, halt: () => Promise<void>, place: Place): Promise<void> {
  access.close();
  try {
    await halt();
  } finally {
    await place.leave();
  }
}

/** A store in memory keeps nothing. */
const noPlace = { stateDir: '', nodeName: 'localhost' };

function pkiOf(host: string, { dir, isKept }: Place): Promise<ClusterPki> {
  const hosts = hostsOf(host);
  return isKept ? ensureClusterPki({ dir: join(dir, 'pki'), hosts, clock: systemClock }) : issueClusterPki({ hosts, clock: systemClock });
}

let ephemeralKeys: Promise<ServiceAccountKeys> | undefined;

/** Control planes that keep nothing share one key, as it takes longer to make than all the rest. */
const keysOf = ({ dir, isKept }: Place): Promise<ServiceAccountKeys> => (isKept ? ensureServiceAccountKeys(join(dir, 'pki')) : (ephemeralKeys ??= newServiceAccountKeys()));

const loggerOf = (level: LogLevel | undefined): Logger =>
  (level === undefined ? silentLogger : createLogger({ level, format: 'text', write: (line) => process.stderr.write(`${line}\n`) }));
