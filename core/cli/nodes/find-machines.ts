import { Container } from 'inversify';
import { loadModules } from '#core/cli/load-module.ts';
import { settingsFor } from '#core/cli/settings.ts';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Logger } from '#core/kernel/logger.ts';
import { NodeMachines } from '#core/spi/machines.ts';

/** Of the first provider that makes machines on this computer; undefined when none does. */
export async function findMachines(providers: readonly string[], dataDir: string, logger: Logger): Promise<NodeMachines | undefined> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Clock).toConstantValue(systemClock);
  container.bind(Logger).toConstantValue(logger);
  for (const module of await loadModules('provider', providers)) {
    container.load(module.create(await settingsFor(module, dataDir)));
    if (container.isBound(NodeMachines)) return container.get(NodeMachines);
  }
  return undefined;
}
