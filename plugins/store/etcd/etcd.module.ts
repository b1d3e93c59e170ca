import { ContainerModule } from 'inversify';
import type { KeelsonModule, ModuleSettings } from '#core/kernel/module.ts';
import { KeyValueStore } from '#core/spi/key-value-store.ts';
import { EtcdStore, type EtcdOptions } from './etcd-store.ts';
import { parseEtcdUrl } from './etcd-url.ts';

/** What the API server's keys begin with; in etcd the prefix of the options stands for it. */
const inner = '/registry/';

export const etcd = (options: EtcdOptions): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(KeyValueStore).toResolvedValue(() => new EtcdStore({ inner, ...options })).inSingletonScope();
  });

function optionsOf({ url }: ModuleSettings): EtcdOptions {
  if (url === undefined) throw new Error('the store etcd needs an address: --store etcd://HOST:2379');
  return parseEtcdUrl(url);
}

export const keelsonModule: KeelsonModule = {
  name: 'etcd',
  create: (settings) => etcd(optionsOf(settings)),
  abilities: async (settings) => (await import('./abilities.ts')).etcdAbilities(optionsOf(settings)),
};
