import { X509Certificate } from 'node:crypto';
import { Container, type ContainerModule } from 'inversify';
import { PriorityClass } from '#core/api/schema/scheduling-v1.ts';
import { ApiServer, type ApiServerOptions } from '#core/apiserver/api-server.ts';
import { DiscoveryCheck } from '#core/apiserver/aggregation/discovery-check.ts';
import { apiServer } from '#core/apiserver/apiserver.module.ts';
import { AccountTokens } from '#core/authn/service-account/tokens.ts';
import { joiningObjects } from '#core/authz/bootstrap/joining.ts';
import { bootstrapPolicy } from '#core/authz/bootstrap/policy.ts';
import { ApiEventRecorders } from '#core/client/api-event-recorder.ts';
import { Client } from '#core/client/client.ts';
import { NamespaceIdentity } from '#core/client/cluster-identity.ts';
import { Bootstrap } from '#core/controllers/bootstrap/bootstrap.ts';
import { bootstrapComponent } from '#core/controllers/bootstrap/component.ts';
import { controllers, type ControllersOptions, type JoiningSettings } from '#core/controllers/controllers.module.ts';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { reconcile } from '#core/reconcile/reconcile.module.ts';
import { systemPriorityClasses } from '#core/registry/rules/system-priorities.ts';
import { SchedulerComponent } from '#core/scheduler/scheduler-component.ts';
import { scheduler } from '#core/scheduler/scheduler.module.ts';
import { bootstrapObject, BootstrapObject } from '#core/spi/bootstrap-object.ts';
import type { CertificateSigner } from '#core/spi/certificate-signer.ts';
import { ClusterIdentity } from '#core/spi/cluster-identity.ts';
import { ObjectStore } from '#core/store/object-store.ts';
import { IdleCollector } from './idle-collector.ts';

export interface Composition {
  readonly logger: Logger;
  /** The store and the providers, each with its settings. */
  readonly modules: readonly ContainerModule[];
  readonly apiServer: ApiServerOptions;
  readonly signer: CertificateSigner;
  /** False for an API without control loops, and without the scheduler. */
  readonly controllers?: boolean;
  /** From which ranges nodes get theirs for pods, and what is published for those that join. */
  readonly nodeIpam?: ControllersOptions['nodeIpam'];
  readonly nodeDefaults?: JoiningSettings['nodeDefaults'];
  /** Besides those of the modules. */
  readonly objects?: readonly BootstrapObject[];
  /** Gives memory back when the process falls idle: for a process that is nothing else than this. */
  readonly collectsWhenIdle?: boolean;
}

export interface Composed {
  readonly components: readonly Component[];
  readonly apiServer: ApiServer;
  /** In the name of the control plane itself. */
  readonly client: Client;
}

/** Everything that runs, in the order in which it starts: what is later in the list may use what is before it. */
export function compose(composition: Composition): Composed {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Logger).toConstantValue(composition.logger);
  container.bind(Clock).toConstantValue(systemClock);
  container.bind(ClusterIdentity).toResolvedValue((client) => new NamespaceIdentity(client), [Client]);
  const { nodeIpam, nodeDefaults } = composition;
  for (const object of [...systemPriorityClasses.map((each) => bootstrapObject(PriorityClass, each)), ...joiningObjects(), ...(composition.objects ?? [])]) container.bind(BootstrapObject).toConstantValue(object);
  container.load(...composition.modules, apiServer(composition.apiServer), reconcile(), scheduler(), controllers({
    ca: composition.apiServer.tls.ca, signer: composition.signer,
    policy: bootstrapPolicy(), ...(nodeIpam ? { nodeIpam } : {}),
    joining: { server: async () => (await import('./join-address.ts')).urlForOthers(container.get(ApiServer).url, composition.apiServer), apiServerHosts: hostsOf(composition.apiServer.tls.cert), ...(nodeDefaults ? { nodeDefaults } : {}) },
    checkDiscovery: (service) => container.get(DiscoveryCheck).problem(service),
    issueForSecret: (account, secret) => container.get(AccountTokens).issueForSecret(account, secret),
  }));
  const server = container.get(ApiServer);
  return {
    components: [
      ...(composition.apiServer.audit ? [composition.apiServer.audit.sink] : []), container.get(ObjectStore), ...container.getAll(Component), bootstrapComponent(container.get(Bootstrap)),
      server, ...(composition.controllers === false ? [] : [container.get(ApiEventRecorders), container.get(Manager), container.get(SchedulerComponent)]),
      ...(composition.collectsWhenIdle ? [new IdleCollector(systemClock)] : []),
    ],
    apiServer: server,
    client: container.get(Client),
  };
}

/** `subjectAltName` reads `DNS:localhost, IP Address:127.0.0.1`. */
const hostsOf = (certificate: string): string[] =>
  (new X509Certificate(certificate).subjectAltName ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')).filter((name) => name !== '');
