import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AuthoritySigner } from '#core/authn/certificate-signer.ts';
import { ensureClusterPki, issueClusterPki, type ClusterPki } from '#core/authn/pki.ts';
import { ensureServiceAccountKeys, newServiceAccountKeys, type ServiceAccountKeys } from '#core/authn/service-account/keys.ts';
import type { Client } from '#core/client/client.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { startInOrder } from '#core/kernel/lifecycle.ts';
import { createLogger, silentLogger, type LogLevel, type Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { compose } from './compose.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { loadModule } from './load-module.ts';
import { makeDataDir, settingsFor } from './settings.ts';
import { kubernetesVersion } from './version.ts';

export interface ControlPlaneOptions {
  /** `memory` by default; otherwise as after `--store`. */
  readonly store?: string;
  /** Storage, clouds and networks: names as after `--provider`, or modules. None by default. */
  readonly providers?: readonly (string | KeelsonModule)[];
  /** Where state is kept. Without it there are no files, or, where a store or provider needs a folder, one that goes with `stop`. */
  readonly dataDir?: string;
  /** `127.0.0.1` by default. */
  readonly host?: string;
  /** Any free one by default. */
  readonly port?: number;
  /** False for an API whose namespaces, claims and owners nobody acts on, as envtest's. */
  readonly controllers?: boolean;
  /** What goes to standard error; nothing by default. */
  readonly logLevel?: LogLevel;
}

/** A control plane that serves. */
export interface ControlPlane {
  /** Such as `https://127.0.0.1:41234`. */
  readonly url: string;
  /** Text of a kubeconfig for its administrator. */
  readonly kubeconfig: string;
  /** Reads and writes without going through HTTPS. */
  readonly client: Client;
  /** Resolves when nothing of it is left: no port, timer, process or file. */
  stop(): Promise<void>;
}

/**
 * Runs a whole control plane in this process: API server, store and controllers. Any number of them may run at a time.
 * @throws {Error} when a part cannot start; then nothing is left running
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
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
  const { store = 'memory', providers = [], host = '127.0.0.1', port = 0, controllers = true } = options;
  const [pki, accountKeys, storeModule, ...others] = await Promise.all([
    pkiOf(host, place), keysOf(place), loadModule('store', store), ...providers.map((one) => (typeof one === 'string' ? loadModule('provider', one) : one)),
  ]);
  const modules = await Promise.all([storeModule, ...others].map(async (module) => module.create(await (place.dir === '' ? noPlace : settingsFor(module, place.dir)))));
  const { components, apiServer, client } = compose({
    logger: loggerOf(options.logLevel), modules, controllers, signer: new AuthoritySigner(pki.authority, systemClock),
    apiServer: { host, port, tls: { ca: pki.ca, ...pki.serving }, version: kubernetesVersion(), authentication: { accountKeys } },
  });
  const halt = await startInOrder(components, { signal: new AbortController().signal });
  const { writeKubeconfig } = await import('#core/client/kubeconfig.ts');
  let stopped: Promise<void> | undefined;
  return {
    url: apiServer.url, client,
    kubeconfig: writeKubeconfig({ server: apiServer.url, ca: pki.ca, ...pki.admin }),
    stop: () => (stopped ??= end(halt, place)),
  };
}

async function end(halt: () => Promise<void>, place: Place): Promise<void> {
  try {
    await halt();
  } finally {
    await place.leave();
  }
}

/** A store in memory keeps nothing. */
const noPlace = { stateDir: '', nodeName: 'localhost' };

const pkiOf = (host: string, { dir, isKept }: Place): Promise<ClusterPki> =>
  (isKept ? ensureClusterPki({ dir: join(dir, 'pki'), hosts: [host], clock: systemClock }) : issueClusterPki({ hosts: [host], clock: systemClock }));

let ephemeralKeys: Promise<ServiceAccountKeys> | undefined;

/** Control planes that keep nothing share one key, as it takes longer to make than all the rest. */
const keysOf = ({ dir, isKept }: Place): Promise<ServiceAccountKeys> => (isKept ? ensureServiceAccountKeys(join(dir, 'pki')) : (ephemeralKeys ??= newServiceAccountKeys()));

const loggerOf = (level: LogLevel | undefined): Logger =>
  (level === undefined ? silentLogger : createLogger({ level, format: 'text', write: (line) => process.stderr.write(`${line}\n`) }));
