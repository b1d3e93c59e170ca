import { readFile, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { LoopbackAddresses } from '#core/agent/loopback-addresses.ts';
import { NodeVolumes } from '#core/agent/volumes/node-volumes.ts';
import { loadNodePlugins } from '#core/cli/agent-plugins.ts';
import { loadModule } from '#core/cli/load-module.ts';
import { settingsFor } from '#core/cli/settings.ts';
import { HttpClient } from '#core/client/http-client.ts';
import { systemClock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ContainerRuntime } from '#core/spi/container-runtime.ts';
import { lockNetwork } from './node-lock.ts';
import { builtInNode } from './node-plan.ts';

export interface RemovalOptions {
  readonly name: string;
  /** The agent's folder. */
  readonly dir: string;
  readonly providers: readonly string[];
  readonly providerDir: string;
  /** The node is in the network of this process; of others, the network goes with their machine. */
  readonly isHere: boolean;
  /** Addresses of the cluster's name server. */
  readonly clusterDns: readonly string[];
  readonly logger: Logger;
}

/** What was there. */
export interface Removed {
  readonly sandboxes: number;
  readonly pods: number;
}

/**
 * Removes what a node has on its computer: containers, mounts, links and rules, and at last its folder. The data of volumes is the providers' and stays.
 * No agent may be at work. @throws {ProviderError | VolumeError} naming what cannot be removed; what was removed before stays so
 */
export async function removeNode({ name, dir, providers, providerDir, isHere, clusterDns, logger }: RemovalOptions, signal: AbortSignal): Promise<Removed> {
  const plugins = await loadNodePlugins({
    modules: { ...builtInNode, dns: 'none', providers }, dataDir: dir, nodeName: name, clusterDns: [], clock: systemClock, logger, providerDir, providerSettings: { isGuest: true },
  });
  const sandboxes = await removeSandboxes(plugins.runtime, signal);
  const volumes = await NodeVolumes.open({ root: join(dir, 'node'), nodeName: name }, {
    // Nothing is read from the API to take something down.
    client: new HttpClient({ server: 'https://127.0.0.1:1' }, { clock: systemClock }), clock: systemClock, events: { normal: () => undefined, warning: () => undefined },
    drivers: plugins.volumeDrivers, ...(plugins.controllerSides ? { controllerSides: plugins.controllerSides } : {}),
  });
  const pods = await volumes.known(signal);
  for (const { uid } of pods) await patiently(() => volumes.release(uid, signal), signal);
  if (isHere) {
    const unlock = await lockNetwork();
    if (unlock === undefined) throw new Error('its links and rules stay, because another Keelson has its node in the network of this computer');
    await plugins.proxy?.remove(signal);
    const network = await loadModule('network', builtInNode.network);
    await network.remove?.(await settingsFor(network, dir), signal);
    await new LoopbackAddresses(clusterDns).remove();
    unlock();
  }
  await removeFolder(dir);
  return { sandboxes, pods: pods.length };
}

async function removeSandboxes(runtime: ContainerRuntime, signal: AbortSignal): Promise<number> {
  const sandboxes = await runtime.listSandboxes(signal);
  await Promise.all(sandboxes.map(async ({ id }) => {
    await runtime.stopSandbox(id, signal);
    await runtime.removeSandbox(id, signal);
  }));
  return sandboxes.length;
}

/** A container that somebody starts at this moment has a copy of all mounts for an instant, and holds what was just unmounted. */
async function patiently(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await systemClock.sleep(200, signal);
    }
  }
}

/** Never through a mount: behind it is somebody's data. */
async function removeFolder(dir: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  const left = mounts.filter((path) => path.startsWith(`${dir}${sep}`));
  if (left.length > 0) throw new Error(`${dir} stays, because something is still mounted there: ${left.join(', ')}`);
  await rm(dir, { recursive: true, force: true });
}
