import { ContainerModule } from 'inversify';
import { AdmissionPlugin } from '#core/admission/admission.ts';
import { AccountTokens } from '#core/authn/service-account/tokens.ts';
import { Client } from '#core/client/client.ts';
import { ServedKinds } from '#core/client/served-kinds.ts';
import { Clock } from '#core/kernel/clock.ts';
import { HealthCheck } from '#core/kernel/health-check.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import { token } from '#core/kernel/token.ts';
import { KeyValueStore } from '#core/spi/key-value-store.ts';
import { ObjectStore } from '#core/store/object-store.ts';
import { ApiServer, type ApiServerOptions } from './api-server.ts';
import { Action } from './actions/action.ts';
import { DiscoveryCheck } from './aggregation/discovery-check.ts';
import { assemble, type Assembly } from './assembly.ts';
import { AuditLog } from './audit/audit-log.ts';

const Assembled = token<Assembly>('Assembled');

/** The API server with its storage, and the client for controllers of the same process. */
export const apiServer = (options: ApiServerOptions): ContainerModule => new ContainerModule(({ bind }) => {
  bind(ObjectStore).toResolvedValue(
    (kv: KeyValueStore, logger: Logger, clock: Clock) => new ObjectStore(kv, { logger: logger.with({ component: 'object-store' }), clock, packed: ['events'] }),
    [KeyValueStore, Logger, Clock],
  ).inSingletonScope();
  bind(Assembled).toResolvedValue(
    (objects: ObjectStore, admission: AdmissionPlugin[], actions: Action[], clock: Clock, logger: Logger) =>
      assemble({ objects, admission, actions, clock, logger: logger.with({ component: 'api-server' }), authentication: options.authentication, outbound: options.outbound, ...(options.serviceCidrs ? { serviceCidrs: options.serviceCidrs } : {}) }),
    [ObjectStore, { serviceIdentifier: AdmissionPlugin, isMultiple: true }, { serviceIdentifier: Action, isMultiple: true }, Clock, Logger],
  ).inSingletonScope();
  bind(AccountTokens).toResolvedValue(({ authentication }: Assembly) => authentication.accountTokens, [Assembled]).inSingletonScope();
  bind(ServedKinds).toResolvedValue((assembled: Assembly) => assembled.kinds, [Assembled]).inSingletonScope();
  bind(Client).toResolvedValue((assembled: Assembly) => assembled.client, [Assembled]).inSingletonScope();
  bind(Component).toResolvedValue(
    (assembled: Assembly): Component => ({ name: 'webhook-connections', start: () => Promise.resolve(), stop: async () => assembled.close() }), [Assembled],
  ).inSingletonScope();
  bind(DiscoveryCheck).toResolvedValue((assembled: Assembly) => assembled.aggregation.check, [Assembled]).inSingletonScope();
  bind(Component).toResolvedValue((assembled: Assembly) => assembled.customResources, [Assembled]).inSingletonScope();
  bind(HealthCheck).toConstantValue({ name: 'ping', liveness: true, check: () => undefined });
  bind(HealthCheck).toResolvedValue(
    (objects: ObjectStore): HealthCheck => ({ name: 'store', liveness: true, check: () => objects.trouble?.message }),
    [ObjectStore],
  ).inSingletonScope();
  bind(ApiServer).toResolvedValue(
    ({ api, actions, client, aggregation, connectors, companions, advertised, authentication, authorizer }: Assembly, checks: HealthCheck[], clock: Clock) => new ApiServer(api, {
      actions, client, aggregation, connectors, companions, advertised, authenticators: authentication.authenticators, authorizer, checks, issuer: authentication.accountTokens,
      audit: options.audit && new AuditLog(options.audit.policy, options.audit.sink, clock),
    }, options),
    [Assembled, { serviceIdentifier: HealthCheck, isMultiple: true }, Clock],
  ).inSingletonScope();
});
