import { ContainerModule } from 'inversify';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule, ModuleSettings } from '#core/kernel/module.ts';
import { token } from '#core/kernel/token.ts';
import { NetworkPlugin } from '#core/spi/network-plugin.ts';
import { BridgeComponent } from './bridge-component.ts';
import { BridgeNetwork } from './bridge-network.ts';
import { parseBridgeUrl, type BridgeModuleOptions } from './bridge-url.ts';

const Network = token<BridgeNetwork>('plugins/network/BridgeNetwork');

export const bridge = ({ socket, ...options }: BridgeModuleOptions): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(Network).toResolvedValue((clock, log) => new BridgeNetwork(options, { clock, log: log.with({ component: 'network' }) }), [Clock, Logger]).inSingletonScope();
    bind(NetworkPlugin).toResolvedValue((network) => network, [Network]);
    bind(Component).toResolvedValue((network, clock, log) => new BridgeComponent({ network, clock, log, socket, repairEveryMs: 60_000 }), [Network, Clock, Logger]).inSingletonScope();
  });

const optionsOf = ({ stateDir, url }: ModuleSettings): BridgeModuleOptions => ({ stateDir, ...(url === undefined ? {} : parseBridgeUrl(url)) });

export const keelsonModule: KeelsonModule = {
  name: 'bridge',
  create: (settings) => bridge(optionsOf(settings)),
  remove: async (settings, signal) => (await import('./removal.ts')).removeBridgeNetwork(optionsOf(settings), signal),
  abilities: async () => (await import('./abilities.ts')).bridgeAbilities(),
};
