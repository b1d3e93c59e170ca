import { ContainerModule } from 'inversify';
import { Clock } from '#core/kernel/clock.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { NetworkPlugin } from '#core/spi/network-plugin.ts';
import { CniNetwork, type CniOptions } from './cni-network.ts';
import { parseCniUrl } from './cni-url.ts';

export const cni = (options: CniOptions): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(NetworkPlugin).toResolvedValue((clock, log) => new CniNetwork(options, { clock, log: log.with({ component: 'network' }) }), [Clock, Logger]).inSingletonScope();
  });

export const keelsonModule: KeelsonModule = {
  name: 'cni',
  create: ({ stateDir, url }) => cni({ stateDir, ...(url === undefined ? {} : parseCniUrl(url)) }),
};
