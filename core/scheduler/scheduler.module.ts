import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ContainerModule } from 'inversify';
import { Client } from '#core/client/client.ts';
import { EventRecorders } from '#core/client/event-recorder.ts';
import { Clock } from '#core/kernel/clock.ts';
import { Logger } from '#core/kernel/logger.ts';
import { Informers } from '#core/reconcile/informer.ts';
import { LeaderElection } from '#core/reconcile/leader-election.ts';
import { isShared, KeyValueStore } from '#core/spi/key-value-store.ts';
import { SchedulerComponent } from './scheduler-component.ts';

/** Several control planes over one store: one of them schedules. The times are those of the controllers' lease. */
const leaseTimes = { leaseDurationMs: 8000, renewDeadlineMs: 5000, retryPeriodMs: 1000 };
const lease = { namespace: 'kube-system', name: 'kube-scheduler' };

const election = (store: KeyValueStore, client: Client, clock: Clock, logger: Logger): LeaderElection | undefined =>
  (isShared(store) ? new LeaderElection({ ...leaseTimes, client, clock, logger, lease, identity: `${hostname()}_${randomUUID()}` }) : undefined);

/** The scheduler of pods that ask for `default-scheduler`, or for none. */
export const scheduler = (): ContainerModule => new ContainerModule(({ bind }) => {
  bind(SchedulerComponent).toResolvedValue(
    (...[client, informers, clock, root, recorders, store]: [Client, Informers, Clock, Logger, EventRecorders, KeyValueStore]) => {
      const logger = root.with({ component: 'scheduler' });
      const leaderElection = election(store, client, clock, logger);
      return new SchedulerComponent({ client, informers, clock, logger, recorder: recorders.for('default-scheduler'), ...(leaderElection ? { leaderElection } : {}) });
    },
    [Client, Informers, Clock, Logger, EventRecorders, KeyValueStore],
  ).inSingletonScope();
});
