import { createServer } from 'node:net';
import { Container } from 'inversify';
import { builtInNode } from './node-plan.ts';
import { loadModule } from '#core/cli/load-module.ts';
import { settingsFor } from '#core/cli/settings.ts';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import { NameServer } from '#core/spi/name-server.ts';

export interface MachineNamesOptions {
  /** An address of this computer that the machines reach. */
  readonly address: string;
  readonly dataDir: string;
  readonly logger: Logger;
  /** This computer's; `/etc/resolv.conf` by default. */
  readonly resolvConf?: string;
}

/** Where the machines' name servers are to ask. */
export interface MachineNames {
  /** `172.30.7.1:40123` */
  readonly upstream: string;
  /** Only these, and nobody else, are answered. */
  setClients(addresses: readonly string[]): void;
  stop(): Promise<void>;
}

/**
 * Answers the machines' questions about names outside of the cluster in their place, as this computer would: its own name server often listens on
 * a loopback address, as that of systemd does, and loopback is something else in a machine's network.
 */
export async function serveNames({ address, dataDir, logger, resolvConf }: MachineNamesOptions, signal: AbortSignal): Promise<MachineNames> {
  const upstream = `${address.includes(':') ? `[${address}]` : address}:${await freePort(address)}`;
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Clock).toConstantValue(systemClock);
  container.bind(Logger).toConstantValue(logger);
  const module = await loadModule('dns', `${builtInNode.dns}://${upstream}${resolvConf === undefined ? '' : `?resolv-conf=${encodeURIComponent(resolvConf)}`}`);
  container.load(module.create(await settingsFor(module, dataDir)));
  const server = container.get<NameServer>(NameServer);
  server.setClients([]);
  // It knows no names of its own.
  server.setZones([]);
  server.complete();
  const components = container.getAll<Component>(Component);
  const stop = async (): Promise<void> => void await Promise.all(components.map((component) => component.stop()));
  try {
    for (const component of components) await component.start(signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { upstream, setClients: (addresses) => server.setClients(addresses.map((each) => `${each}/${each.includes(':') ? 128 : 32}`)), stop };
}

/** Not 53: where there is a name server, that is often taken for all addresses. */
function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
  });
}
