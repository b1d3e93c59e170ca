import { Container, type ContainerModule } from 'inversify';
import { ApiServer, type ApiServerOptions } from '#core/apiserver/api-server.ts';
import { apiServer } from '#core/apiserver/apiserver.module.ts';
import { ApiEventRecorders } from '#core/client/api-event-recorder.ts';
import { Bootstrap } from '#core/controllers/bootstrap/bootstrap.ts';
import { bootstrapComponent } from '#core/controllers/bootstrap/component.ts';
import { controllers } from '#core/controllers/controllers.module.ts';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { reconcile } from '#core/reconcile/reconcile.module.ts';
import { ObjectStore } from '#core/store/object-store.ts';
import { IdleCollector } from './idle-collector.ts';

export interface Composition {
  readonly logger: Logger;
  /** The store and the providers, each with its settings. */
  readonly modules: readonly ContainerModule[];
  readonly apiServer: ApiServerOptions;
}

/** Everything that runs, in the order in which it starts: what is later in the list may use what is before it. */
export function compose(composition: Composition): { readonly components: readonly Component[]; readonly apiServer: ApiServer } {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Logger).toConstantValue(composition.logger);
  container.bind(Clock).toConstantValue(systemClock);
  container.load(...composition.modules, apiServer(composition.apiServer), reconcile(), controllers({ ca: composition.apiServer.tls.ca }));
  const server = container.get(ApiServer);
  return {
    components: [
      ...(composition.apiServer.audit ? [composition.apiServer.audit.sink] : []), container.get(ObjectStore), ...container.getAll(Component), bootstrapComponent(container.get(Bootstrap)),
      server, container.get(ApiEventRecorders), container.get(Manager), new IdleCollector(systemClock),
    ],
    apiServer: server,
  };
}
