import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ContainerModule } from 'inversify';
import { Client } from '#core/client/client.ts';
import { Clock } from '#core/kernel/clock.ts';
import { HealthCheck } from '#core/kernel/health-check.ts';
import { Logger } from '#core/kernel/logger.ts';
import { Controller } from './controller.ts';
import { isShared, KeyValueStore } from '#core/spi/key-value-store.ts';
import { Informers } from './informer.ts';
import { SharedInformers } from './informers.ts';
import { LeaderElection } from './leader-election.ts';
import { Manager } from './manager.ts';

/**
 * Several control planes over one store: whoever holds the Lease runs the controllers. A leader that is killed is followed within
 * ten seconds, one that stops at once.
 */
const leaseTimes = { leaseDurationMs: 8000, renewDeadlineMs: 5000, retryPeriodMs: 1000 };
const lease = { namespace: 'kube-system', name: 'keelson-controllers' };

const election = (store: KeyValueStore, client: Client, clock: Clock, logger: Logger): LeaderElection | undefined =>
  (isShared(store) ? new LeaderElection({ ...leaseTimes, client, clock, logger, lease, identity: `${hostname()}_${randomUUID()}` }) : undefined);

/** Informers over the bound client, and the manager that runs every bound controller. */
export const reconcile = (): ContainerModule => new ContainerModule(({ bind }) => {
  bind(SharedInformers).toResolvedValue(
    (reader: Client, clock: Clock, logger: Logger) => new SharedInformers({ reader, clock, logger: logger.with({ component: 'informers' }) }),
    [Client, Clock, Logger],
  ).inSingletonScope();
  bind(Informers).toService(SharedInformers);
  bind(Manager).toResolvedValue(
    (controllers: Controller[], informers: SharedInformers, clock: Clock, root: Logger, store: KeyValueStore, client: Client) => {
      const logger = root.with({ component: 'controllers' });
      const leaderElection = election(store, client, clock, logger);
      return new Manager({ controllers, informers, clock, logger, ...(leaderElection ? { leaderElection } : {}) });
    },
    [{ serviceIdentifier: Controller, isMultiple: true }, SharedInformers, Clock, Logger, KeyValueStore, Client],
  ).inSingletonScope();
  bind(HealthCheck).toResolvedValue((manager: Manager): HealthCheck => ({
    name: 'controllers', liveness: false,
    check() {
      const waiting = manager.report().filter(({ synced }) => !synced).map(({ name }) => name);
      return waiting.length === 0 ? undefined : `not synced yet: ${waiting.join(', ')}`;
    },
  }), [Manager]).inSingletonScope();
});
