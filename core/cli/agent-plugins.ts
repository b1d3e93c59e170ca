import { realpath } from 'node:fs/promises';
import { Container } from 'inversify';
import { LoopbackAddresses } from '#core/agent/loopback-addresses.ts';
import type { NodePlugins } from '#core/agent/node-agent-options.ts';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { ModuleSettings } from '#core/kernel/module.ts';
import { ContainerRuntime } from '#core/spi/container-runtime.ts';
import { NameServer } from '#core/spi/name-server.ts';
import { NetworkPlugin } from '#core/spi/network-plugin.ts';
import { ServiceProxy } from '#core/spi/service-proxy.ts';
import { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';
import { noModule, type ModuleKind } from './built-in.ts';
import { loadModule } from './load-module.ts';
import { ProviderConfig } from './provider-config.ts';
import { settingsFor } from './settings.ts';

/** Names of the modules that a node is made of, as after the flags of `keelson agent`. `none` leaves proxy or dns out. */
export interface NodeModules {
  readonly runtime: string;
  readonly network: string;
  readonly proxy: string;
  readonly dns: string;
  /** For the node's side of their volumes. */
  readonly providers: readonly string[];
}

export interface LoadNodeOptions {
  readonly modules: NodeModules;
  readonly dataDir: string;
  readonly nodeName: string;
  /** Where pods ask for names; without any there is no name server. */
  readonly clusterDns: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the providers' state is, when that is the control plane's; in `dataDir` by default. */
  readonly providerDir?: string | undefined;
  /** Of the node; the computer's own when undefined. */
  readonly netns?: string | undefined;
  /** More of what providers are told. */
  readonly providerSettings?: Partial<ModuleSettings>;
  /** File of the providers' own settings; none when ''. */
  readonly providerConfig?: string;
}

/** Loads the modules of a node by name and makes what they bind. @throws {UsageError} when there is no such module */
export async function loadNodePlugins({ modules, dataDir, nodeName, clusterDns, clock, logger, netns, providerDir = dataDir, providerSettings = {}, providerConfig = '' }: LoadNodeOptions): Promise<NodePlugins> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Clock).toConstantValue(clock);
  container.bind(Logger).toConstantValue(logger);
  const config = await ProviderConfig.read(providerConfig);
  const load = async (kind: ModuleKind, name: string): Promise<void> => {
    if (name === noModule) return;
    const module = await loadModule(kind, name);
    const settings = await settingsFor(module, kind === 'provider' ? providerDir : dataDir);
    container.load(module.create({ ...settings, nodeName, netns, agentDir: await realpath(dataDir), ...(kind === 'provider' ? { ...config.of(module), ...providerSettings } : {}) }));
  };
  const hasNames = modules.dns !== noModule && clusterDns.length > 0;
  await load('runtime', modules.runtime);
  await load('network', modules.network);
  await load('proxy', modules.proxy);
  if (hasNames) await load('dns', modules.dns.includes('://') ? modules.dns : `${modules.dns}://${clusterDns.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',')}`);
  for (const provider of modules.providers) await load('provider', provider);
  const all = <T>(token: Parameters<typeof container.getAll<T>>[0]): readonly T[] => (container.isBound(token) ? container.getAll<T>(token) : []);
  const optional = <T>(token: Parameters<typeof container.get<T>>[0]): T | undefined => (container.isBound(token) ? container.get<T>(token) : undefined);
  const [proxy, nameServer] = [optional<ServiceProxy>(ServiceProxy), optional<NameServer>(NameServer)];
  return {
    runtime: container.get<ContainerRuntime>(ContainerRuntime), network: container.get<NetworkPlugin>(NetworkPlugin),
    ...(proxy === undefined ? {} : { proxy }), ...(nameServer === undefined ? {} : { nameServer }),
    volumeDrivers: all<NodeVolumeDriver>(NodeVolumeDriver), controllerSides: all<VolumeDriver>(VolumeDriver),
    components: [...(hasNames ? [new LoopbackAddresses(clusterDns)] : []), ...all<Component>(Component)],
  };
}
