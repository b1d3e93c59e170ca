import type { Component } from '#core/kernel/lifecycle.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Egress } from '#core/apiserver/proxy/address.ts';
import type { User } from '#core/api/user.ts';
import type { Client } from '#core/client/client.ts';
import type { Verbs } from '#core/client/in-process.ts';
import type { ServiceResolver } from '#core/client/webhook-client.ts';
import type { Extensions } from '#core/apiserver/http/pages.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { Aggregator } from './aggregator.ts';
import { ApiServices } from './api-services.ts';
import { authenticationConfig } from './authentication-config.ts';
import { autoRegistration } from './auto-registration.ts';
import { DiscoveryCheck } from './discovery-check.ts';
import { ExtensionDiscovery } from './extension-discovery.ts';
import { ExtensionServers, type FrontProxy } from './extension-servers.ts';
import { ExtensionVerbs } from './extension-verbs.ts';

export interface AggregationOptions {
  readonly objects: ObjectStore;
  readonly services: ServiceResolver;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In whose name the controllers of this process ask other API servers. */
  readonly user: User;
  readonly frontProxy?: FrontProxy | undefined;
  readonly egress?: Egress | undefined;
}

/** All that it takes to have groups served by other API servers (APIService). */
export class Aggregation {
  readonly services: ApiServices;
  readonly discovery: ExtensionDiscovery;
  readonly aggregator: Aggregator;
  readonly check: DiscoveryCheck;
  private readonly options: AggregationOptions;
  private readonly servers: ExtensionServers;
  private readonly verbs: ExtensionVerbs;

  constructor(options: AggregationOptions) {
    const { clock, logger } = options;
    this.options = options;
    const services = (this.services = new ApiServices(options.objects));
    const servers = (this.servers = new ExtensionServers(options));
    this.discovery = new ExtensionDiscovery({ services, servers, clock, logger });
    this.aggregator = new Aggregator(servers, logger);
    this.check = new DiscoveryCheck(servers);
    this.verbs = new ExtensionVerbs({ services, servers, clock, user: options.user });
  }

  /** As discovery shows what other API servers serve. */
  get extensions(): Extensions {
    const { discovery, services } = this;
    return {
      get versions() {
        return discovery.versions;
      },
      priority: (group, version) => services.priority(group, version),
      settled: () => discovery.settled(),
      openApi: (version) => discovery.openApi(version),
      onChange: (listener) => discovery.onChange(listener),
    };
  }

  /** The verbs of this process's client: kinds of other API servers are asked there. */
  verbsBeside(local: Verbs): Verbs {
    return this.verbs.beside(local);
  }

  /** What has to run beside the server. @param clientCa PEM of the authority that signs client certificates */
  companions(resources: ResourceIndex, client: Client, clientCa: string): readonly Component[] {
    const { objects, clock, logger, frontProxy } = this.options;
    return [
      autoRegistration({ resources, services: this.services, client, clock, logger }),
      ...(frontProxy ? [authenticationConfig({ objects, client, clock, logger, clientCa, frontProxyCa: frontProxy.ca })] : []),
      this.discovery,
    ];
  }

  close(): void {
    this.verbs.close();
    this.servers.close();
  }
}
