import type { User } from '#core/api/user.ts';
import { AdmissionChain, type AdmissionPlugin } from '#core/admission/admission.ts';
import { builtInAdmission } from '#core/admission/chain.ts';
import { authentication, type Authentication, type AuthenticationParts } from '#core/authn/authentication.ts';
import { AuthorizerUnion, masters, publicInfo, type Authorizer } from '#core/authz/authorizer.ts';
import { NodeAuthorizer } from '#core/authz/node/node-authorizer.ts';
import { RbacAuthorizer } from '#core/authz/rbac/rbac-authorizer.ts';
import { InProcessClient } from '#core/client/in-process.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { WebhookClient, type ServiceResolver } from '#core/client/webhook-client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { builtInResources } from '#core/registry/resources.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { accessReviews } from './actions/access-reviews.ts';
import { ActionIndex, type Action } from './actions/action.ts';
import { bindingActions } from './actions/binding.ts';
import { eviction } from './actions/eviction.ts';
import { selfSubjectReview, tokenReview } from './actions/reviews.ts';
import { tokenRequest } from './actions/token-request.ts';
import { encoded, showing, type Api } from './api.ts';
import { CustomResources } from './custom-resources/custom-resources.ts';
import { Aggregation } from './aggregation/aggregation.ts';
import type { FrontProxy } from './aggregation/extension-servers.ts';
import type { Egress } from './proxy/address.ts';
import { Advertised } from './kubernetes-service/advertised.ts';
import { kubernetesServiceKeeper } from './kubernetes-service/keeper.ts';
import { ConnectorIndex } from './proxy/connector.ts';
import { proxyConnectors, type ProxyOptions } from './proxy/proxy-connector.ts';
import { StoredServices } from './proxy/service-resolver.ts';
import { ResourceIndex } from './resource-index.ts';
import { servedKinds } from './served-kinds.ts';
import { serviceCidrKeeper } from './service-cidr-keeper.ts';
import { localVerbs } from './verbs/local-verbs.ts';

export interface AssemblyOptions {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authentication: Omit<AuthenticationParts, 'lookup' | 'clock'>;
  /** Besides the built-in ones. */
  readonly admission?: readonly AdmissionPlugin[];
  readonly actions?: readonly Action[];
  /** Every kind that the server knows by itself, by default. */
  readonly resources?: readonly AnyResource[];
  /** Of the default ServiceCIDR, from which services get addresses; `10.96.0.0/16` by default. */
  readonly serviceCidrs?: readonly string[];
  /** Where webhooks are that are named by a service; what the stored services say, by default. */
  readonly services?: ServiceResolver;
  readonly outbound?: Outbound | undefined;
}

/** How the server meets those to whom it hands requests on. Without certificates they are not told who asks. */
export interface Outbound {
  /** For extension API servers. */
  readonly frontProxy?: FrontProxy;
  /** For node agents, PEM; with `ca`, their certificates are checked. */
  readonly nodeAgents?: ProxyOptions['nodeAgents'];
  /** Set when the server stands outside of the cluster's network. */
  readonly egress?: Egress;
}

/** The API without HTTP: what answers requests, and what tells who asks and whether they may. */
export interface Assembly {
  readonly api: Api;
  readonly actions: ActionIndex;
  readonly client: InProcessClient;
  readonly kinds: ServedKinds;
  readonly authentication: Authentication;
  readonly authorizer: Authorizer;
  /** Serves what CustomResourceDefinitions describe; to be started once the objects are there. */
  readonly customResources: CustomResources;
  readonly aggregation: Aggregation;
  readonly connectors: ConnectorIndex;
  /** What runs beside the API for as long as it is served. */
  readonly companions: readonly Component[];
  /** Where this server says that it is. */
  readonly advertised: Advertised;
  /** Ends connections that are kept. */
  close(): void;
}

/** Puts the parts together; starts nothing. */
export function assemble({ objects, clock, logger, resources: served, admission = [], actions: more = [], ...options }: AssemblyOptions): Assembly {
  const ways = authentication({ ...options.authentication, lookup: (kind, namespace, name) => objects.get(kind, namespace, name), clock });
  const resources = new ResourceIndex(served ?? builtInResources);
  const stored = new StoredServices(objects);
  const services = options.services ?? stored;
  const aggregation = new Aggregation({ objects, services, clock, logger, user: self, ...options.outbound });
  const kinds = servedKinds(resources, aggregation.discovery);
  const rbac = new RbacAuthorizer(objects);
  const authorizer = new AuthorizerUnion([masters, publicInfo, new NodeAuthorizer(objects), rbac]);
  const webhooks = new WebhookClient(services);
  const { serviceCidrs = ['10.96.0.0/16'] } = options;
  const chain = builtInAdmission({
    clock, webhooks, roles: rbac, more: admission,
    authorize: (attributes) => authorizer.authorize(attributes),
    equivalents: (resource) => resources.equivalents(resource),
    convert: async (object, from, to) => showing(to, await encoded(from, object)),
    findKind: (apiVersion, kind) => kinds.find(apiVersion, kind)?.kind,
    services: { serviceCidrs },
  });
  const api: Api = { objects, clock, logger, resources, admission: new AdmissionChain(chain, objects) };
  const actions = new ActionIndex([
    tokenRequest(ways.accountTokens), tokenReview(ways.tokens), selfSubjectReview, eviction, ...bindingActions, ...accessReviews(authorizer), ...more,
  ]);
  const client = new InProcessClient(aggregation.verbsBeside(localVerbs(api, actions)));
  const advertised = new Advertised();
  const proxies = proxyConnectors({ objects, services: stored, ...options.outbound });
  return {
    api, actions, client, kinds, authorizer, authentication: ways, aggregation, connectors: new ConnectorIndex(proxies.connectors),
    customResources: new CustomResources({ api, client, webhooks }),
    companions: [serviceCidrKeeper({ objects, client, clock, logger, cidrs: serviceCidrs }), kubernetesServiceKeeper({ objects, client, clock, logger, serviceCidrs, advertised })],
    advertised,
    close: () => [webhooks, aggregation, proxies].forEach((part) => part.close()),
  };
}

/** As the controllers of this process are known elsewhere. */
const self: User = { name: 'system:keelson', groups: ['system:masters', 'system:authenticated'] };
