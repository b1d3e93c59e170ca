import { ContainerModule } from 'inversify';
import { AdmissionChain, AdmissionPlugin } from '#core/admission/admission.ts';
import { builtInAdmission } from '#core/admission/chain.ts';
import { ClientCertificateAuthenticator } from '#core/authn/authenticator.ts';
import { Authorizer, mastersOnly } from '#core/authz/authorizer.ts';
import { Client } from '#core/client/client.ts';
import { InProcessClient } from '#core/client/in-process.ts';
import { ServedKinds } from '#core/client/served-kinds.ts';
import { Clock } from '#core/kernel/clock.ts';
import { HealthCheck } from '#core/kernel/health-check.ts';
import { Logger } from '#core/kernel/logger.ts';
import { builtInResources } from '#core/registry/resources.ts';
import { KeyValueStore } from '#core/spi/key-value-store.ts';
import { ObjectStore } from '#core/store/object-store.ts';
import { ApiServer, type ApiServerOptions } from './api-server.ts';
import { Action, ActionIndex } from './actions/action.ts';
import { Api } from './api.ts';
import { ResourceIndex } from './resource-index.ts';
import { servedKinds } from './served-kinds.ts';
import { localVerbs } from './verbs/local-verbs.ts';

/** The API server with its storage, and the client for controllers of the same process. */
export const apiServer = (options: ApiServerOptions): ContainerModule => new ContainerModule(({ bind }) => {
  bind(ObjectStore).toResolvedValue(
    (kv: KeyValueStore, logger: Logger, clock: Clock) => new ObjectStore(kv, { logger: logger.with({ component: 'object-store' }), clock, packed: ['events'] }),
    [KeyValueStore, Logger, Clock],
  ).inSingletonScope();
  for (const plugin of builtInAdmission()) bind(AdmissionPlugin).toConstantValue(plugin);
  bind(Authorizer).toConstantValue(mastersOnly);
  bind(Api).toResolvedValue(
    (objects: ObjectStore, plugins: AdmissionPlugin[], actions: Action[], clock: Clock, logger: Logger): Api => ({
      objects, admission: new AdmissionChain(plugins, objects), resources: new ResourceIndex(builtInResources), actions: new ActionIndex(actions),
      clock, logger: logger.with({ component: 'api-server' }),
    }),
    [ObjectStore, { serviceIdentifier: AdmissionPlugin, isMultiple: true }, { serviceIdentifier: Action, isMultiple: true }, Clock, Logger],
  ).inSingletonScope();
  bind(ServedKinds).toResolvedValue((api: Api) => servedKinds(api.resources), [Api]).inSingletonScope();
  bind(Client).toResolvedValue((api: Api) => new InProcessClient(localVerbs(api)), [Api]).inSingletonScope();
  bind(HealthCheck).toConstantValue({ name: 'ping', liveness: true, check: () => undefined });
  bind(HealthCheck).toResolvedValue(
    (objects: ObjectStore): HealthCheck => ({ name: 'store', liveness: true, check: () => objects.trouble?.message }),
    [ObjectStore],
  ).inSingletonScope();
  bind(ApiServer).toResolvedValue(
    (api: Api, authorizer: Authorizer, checks: HealthCheck[]) => new ApiServer(api, [new ClientCertificateAuthenticator()], authorizer, checks, options),
    [Api, Authorizer, { serviceIdentifier: HealthCheck, isMultiple: true }],
  ).inSingletonScope();
});
