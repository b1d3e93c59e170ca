import { ContainerModule } from 'inversify';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { KeyValueBackup, KeyValueStore } from '#core/spi/key-value-store.ts';
import { SqliteBackup } from './sqlite-backup.ts';
import { SqliteStore, type SqliteOptions } from './sqlite-store.ts';

export const sqlite = (options: SqliteOptions): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(KeyValueStore).toResolvedValue(() => new SqliteStore(options)).inSingletonScope();
    bind(KeyValueBackup).toResolvedValue(() => new SqliteBackup(options)).inSingletonScope();
  });

export const keelsonModule: KeelsonModule = {
  name: 'sqlite',
  create: ({ stateDir }) => sqlite({ stateDir }),
};
