import { ContainerModule } from 'inversify';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { KeyValueStore } from '#core/spi/key-value-store.ts';
import { MemoryStore } from './memory-store.ts';

export const memory = (): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(KeyValueStore).toResolvedValue(() => new MemoryStore()).inSingletonScope();
  });

export const keelsonModule: KeelsonModule = { name: 'memory', create: () => memory() };
