import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Container } from 'inversify';
import { connectionOf } from '#core/cli/connection.ts';
import { explainFailure, UsageError } from '#core/cli/failure.ts';
import { valueOf, type FlagValues } from '#core/cli/flags.ts';
import { loadModules } from '#core/cli/load-module.ts';
import { ProviderConfig } from '#core/cli/provider-config.ts';
import { settingsFor } from '#core/cli/settings.ts';
import { untilAsked } from '#core/cli/stop-signals.ts';
import { table } from '#core/cli/table.ts';
import { durationOf } from '#core/cli/token-flags.ts';
import { NamespaceIdentity } from '#core/client/cluster-identity.ts';
import { HttpClient } from '#core/client/http-client.ts';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { createLogger, Logger } from '#core/kernel/logger.ts';
import { ClusterIdentity } from '#core/spi/cluster-identity.ts';
import { LoadBalancers } from '#core/spi/load-balancers.ts';
import { Routes } from '#core/spi/routes.ts';
import { VolumeDriver } from '#core/spi/volume-driver.ts';
import { findStrays, type Stray } from './strays.ts';

/** Lists what a cluster has left on its platforms, and deletes it. Resolves to 1 when something could not be deleted. */
export async function sweep(values: FlagValues): Promise<number> {
  const stop = untilAsked();
  const isGone = valueOf(values, 'cluster-gone') === 'true';
  const client = isGone ? undefined : new HttpClient(await connectionOf(values), { clock: systemClock });
  // Modules may want a folder; nothing that is kept there belongs to the cluster's own process.
  const folder = await mkdtemp(join(tmpdir(), 'keelson-sweep-'));
  // Timers of the clock keep no process alive, and drivers wait by them.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const container = await providersOf(values, folder, identityOf(valueOf(values, 'cluster-id'), client));
    try {
      const all = <T>(token: Parameters<typeof container.getAll<T>>[0]): readonly T[] => (container.isBound(token) ? container.getAll<T>(token) : []);
      const platforms = { volumes: all<VolumeDriver>(VolumeDriver), balancers: all<LoadBalancers>(LoadBalancers), routes: all<Routes>(Routes) };
      const { strays, failures } = await findStrays(platforms, client, { now: systemClock.now(), graceMs: durationOf(valueOf(values, 'grace')) ?? 0 }, stop);
      for (const failure of failures) process.stderr.write(`keelson: ${explainFailure(failure)}\n`);
      const isAll = await deal(strays, { isDry: valueOf(values, 'dry-run') === 'true', withData: valueOf(values, 'volumes') === 'true', isSure: failures.length === 0 }, stop);
      return isAll && failures.length === 0 ? 0 : 1;
    } finally {
      for (const component of container.isBound(Component) ? container.getAll(Component) : []) await component.stop();
    }
  } finally {
    clearInterval(alive);
    client?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function identityOf(id: string, client: HttpClient | undefined): ClusterIdentity {
  if (id !== '') return { uid: () => Promise.resolve(id) };
  if (client !== undefined) return new NamespaceIdentity(client);
  return { uid: () => Promise.reject(new UsageError('the cluster is gone and its providers were given no clusterId: say with --cluster-id by what it marked what it made')) };
}

async function providersOf(values: FlagValues, folder: string, identity: ClusterIdentity): Promise<Container> {
  const names = (values.get('provider') ?? []).filter((name) => name !== '');
  if (names.length === 0) throw new UsageError('say with --provider which platforms are to be swept, such as --provider aws');
  const [modules, config] = await Promise.all([loadModules('provider', names), ProviderConfig.read(valueOf(values, 'provider-config'))]);
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Clock).toConstantValue(systemClock);
  container.bind(Logger).toConstantValue(createLogger({ level: 'warn', format: 'text', write: (line) => process.stderr.write(`${line}\n`) }));
  container.bind(ClusterIdentity).toConstantValue(identity);
  for (const module of modules) container.load(module.create({ ...await settingsFor(module, folder), ...config.of(module), isGuest: true }));
  return container;
}

/** Resolves to whether everything that was to be deleted is. */
async function deal(strays: readonly Stray[], { isDry, withData, isSure }: { readonly isDry: boolean; readonly withData: boolean; readonly isSure: boolean }, signal: AbortSignal): Promise<boolean> {
  if (strays.length === 0) {
    await print(isSure ? 'Nothing is left over.\n' : 'Nothing is left over where it could be seen.\n');
    return true;
  }
  const outcomes: string[] = [];
  for (const stray of strays) outcomes.push(isDry ? '' : stray.holdsData && !withData ? 'kept' : await removed(stray, signal));
  await print(table([['PLATFORM', 'KIND', 'NAME', 'ID', 'WHY', ...(isDry ? [] : ['OUTCOME'])], ...strays.map(({ platform, kind, name, id, why }, i) => [platform, kind, name, id || '-', why, ...(isDry ? [] : [outcomes[i] ?? ''])])]));
  const kept = outcomes.filter((outcome) => outcome === 'kept').length;
  if (kept > 0) await print(`\nKept for the data in it: ${kept}. With --volumes it is deleted too.\n`);
  return !outcomes.some((outcome) => outcome.startsWith('failed'));
}

async function removed(stray: Stray, signal: AbortSignal): Promise<string> {
  try {
    await stray.remove(signal);
    return 'deleted';
  } catch (error) {
    signal.throwIfAborted();
    return `failed: ${explainFailure(error)}`;
  }
}

const print = (text: string): Promise<void> => new Promise((resolve) => {
  process.stdout.write(text, () => resolve());
});
