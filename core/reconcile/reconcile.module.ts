import { ContainerModule } from 'inversify';
import { Client } from '#core/client/client.ts';
import { Clock } from '#core/kernel/clock.ts';
import { HealthCheck } from '#core/kernel/health-check.ts';
import { Logger } from '#core/kernel/logger.ts';
import { Controller } from './controller.ts';
import { Informers } from './informer.ts';
import { SharedInformers } from './informers.ts';
import { Manager } from './manager.ts';

/** Informers over the bound client, and the manager that runs every bound controller. */
export const reconcile = (): ContainerModule => new ContainerModule(({ bind }) => {
  bind(SharedInformers).toResolvedValue(
    (reader: Client, clock: Clock, logger: Logger) => new SharedInformers({ reader, clock, logger: logger.with({ component: 'informers' }) }),
    [Client, Clock, Logger],
  ).inSingletonScope();
  bind(Informers).toService(SharedInformers);
  bind(Manager).toResolvedValue(
    (controllers: Controller[], informers: SharedInformers, clock: Clock, logger: Logger) => new Manager({ controllers, informers, clock, logger: logger.with({ component: 'controllers' }) }),
    [{ serviceIdentifier: Controller, isMultiple: true }, SharedInformers, Clock, Logger],
  ).inSingletonScope();
  bind(HealthCheck).toResolvedValue((manager: Manager): HealthCheck => ({
    name: 'controllers', liveness: false,
    check() {
      const waiting = manager.report().filter(({ synced }) => !synced).map(({ name }) => name);
      return waiting.length === 0 ? undefined : `not synced yet: ${waiting.join(', ')}`;
    },
  }), [Manager]).inSingletonScope();
});
