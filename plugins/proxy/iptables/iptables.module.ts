import { ContainerModule } from 'inversify';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { ServiceProxy } from '#core/spi/service-proxy.ts';
import { IptablesProxy, type IptablesProxyOptions } from './iptables-proxy.ts';

export const iptables = (options: Omit<IptablesProxyOptions, 'logger'> = {}): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(ServiceProxy).toResolvedValue((logger) => new IptablesProxy({ ...options, logger: logger.with({ component: 'service proxy' }) }), [Logger]).inSingletonScope();
  });

export const keelsonModule: KeelsonModule = {
  name: 'iptables',
  create: () => iptables(),
  abilities: async () => (await import('./abilities.ts')).iptablesAbilities(),
};
