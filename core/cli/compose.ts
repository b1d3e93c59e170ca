import { Container, type ContainerModule } from 'inversify';
import { ApiServer, type ApiServerOptions } from '#core/apiserver/api-server.ts';
import { apiServer } from '#core/apiserver/apiserver.module.ts';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import { ObjectStore } from '#core/store/object-store.ts';

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
  container.load(...composition.modules, apiServer(composition.apiServer));
  return {
    components: [container.get(ObjectStore), container.get(ApiServer), ...container.getAll(Component)],
    apiServer: container.get(ApiServer),
  };
}
