import { ContainerModule } from 'inversify';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { token } from '#core/kernel/token.ts';
import { NameServer } from '#core/spi/name-server.ts';
import { DnsServer, type DnsOptions } from './dns-server.ts';
import { parseDnsUrl } from './dns-url.ts';

const Server = token<DnsServer>('plugins/dns/DnsServer');

export const dns = (options: DnsOptions): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(Server).toResolvedValue((clock, logger) => new DnsServer(options, { clock, logger }), [Clock, Logger]).inSingletonScope();
    bind(NameServer).toResolvedValue((server) => server, [Server]);
    bind(Component).toResolvedValue((server) => server, [Server]);
  });

export const keelsonModule: KeelsonModule = {
  name: 'dns',
  create: ({ url }) => {
    if (url === undefined) throw new Error('the name server needs addresses: dns://ADDRESS[:PORT][,ADDRESS…]');
    return dns(parseDnsUrl(url));
  },
};
