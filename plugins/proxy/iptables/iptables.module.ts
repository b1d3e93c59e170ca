import { ContainerModule } from 'inversify';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { ServiceProxy } from '#core/spi/service-proxy.ts';
import { IptablesProxy, type IptablesProxyOptions } from './iptables-proxy.ts';

export const iptables = (options: Omit<IptablesProxyOptions, 'logger' | 'clock'> = {}): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(IptablesProxy).toResolvedValue(
      (logger, clock) => new IptablesProxy({ ...options, clock, logger: logger.with({ component: 'service proxy' }) }), [Logger, Clock],
    ).inSingletonScope();
    bind(ServiceProxy).toService(IptablesProxy);
    bind(Component).toResolvedValue((proxy): Component => ({ name: 'iptables proxy', start: () => Promise.resolve(), stop: () => proxy.close() }), [IptablesProxy]).inSingletonScope();
  });

export const keelsonModule: KeelsonModule = {
  name: 'iptables',
  create: () => iptables({ loopbackNodePorts: true }),
  abilities: async () => (await import('./abilities.ts')).iptablesAbilities(),
};
