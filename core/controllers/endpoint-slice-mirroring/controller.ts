import { ipFamilyOf } from '#core/api/ip.ts';
import { Endpoints, type EndpointAddress, type EndpointSubset } from '#core/api/schema/core-v1/endpoints.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import type { Endpoint, EndpointPort } from '#core/api/schema/discovery-v1.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { endpointKey, groupKey, isSelecting, type EndpointGroup } from '#core/controllers/endpoint-slice/desired.ts';
import { headlessLabel } from '#core/controllers/endpoint-slice/controller.ts';
import { managerLabel, serviceLabel, SliceKeeper } from '#core/controllers/endpoint-slice/slice-keeper.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

/** As many addresses of a subset are mirrored. */
const mostAddresses = 1000;
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const ownAnnotations = ['kubectl.kubernetes.io/last-applied-configuration', 'endpoints.kubernetes.io/last-change-trigger-time'];

/**
 * Shows the Endpoints that people keep themselves, for services that select no pods, as EndpointSlices: proxies and DNS read only those.
 * Keys are services.
 */
export class EndpointSliceMirroringController implements Controller {
  readonly name = 'endpoint-slice-mirroring';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #keeper: SliceKeeper;

  constructor(options: { readonly client: Client; readonly informers: Informers; readonly clock: Clock }) {
    const services = (this.#services = options.informers.for(Service));
    const endpoints = (this.#endpoints = options.informers.for(Endpoints));
    this.#keeper = new SliceKeeper({ ...options, manager: 'endpointslicemirroring-controller.k8s.io' });
    const own = (object: Service | Endpoints | undefined): string[] => (object === undefined ? [] : [keyOf(object)]);
    this.sources = [source(services, (service, previous) => own(service ?? previous)), source(endpoints, (one, previous) => own(one ?? previous)), this.#keeper.source];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const [service, endpoints] = [this.#services.get(key), this.#endpoints.get(key)];
    if (endpoints === undefined || isDeleting(endpoints)) return endpoints === undefined ? this.#keeper.forget(key) : undefined;
    const isMirrored = service !== undefined && !isSelecting(service) && isOfPeople(endpoints);
    return this.#keeper.keep(key, isMirrored ? {
      owner: endpoints, kind: Endpoints, labels: labelsOf(endpoints), annotations: annotationsOf(endpoints), groups: groupsOf(endpoints),
    } : undefined, signal);
  }
}

const isOfPeople = ({ metadata: { labels, annotations } }: Endpoints): boolean => labels?.[skipLabel] !== 'true' && annotations?.[leaderAnnotation] === undefined;

const labelsOf = ({ metadata: { labels = {} } }: Endpoints): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => name !== serviceLabel && name !== managerLabel && name !== headlessLabel));

const annotationsOf = ({ metadata: { annotations = {} } }: Endpoints): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => !ownAnnotations.includes(name)));

function groupsOf({ subsets = [] }: Endpoints): Map<string, EndpointGroup> {
  const groups = new Map<string, EndpointGroup>();
  for (const subset of subsets) {
    const ports = portsOf(subset);
    for (const { address, ready } of addressesOf(subset).slice(0, mostAddresses)) {
      const addressType = ipFamilyOf(address.ip);
      if (addressType === undefined) continue;
      const key = groupKey(addressType, ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: new Map<string, Endpoint>() };
      groups.set(key, group);
      const endpoint = endpointOf(address, ready);
      group.endpoints.set(endpointKey(endpoint), endpoint);
    }
  }
  return groups;
}

const addressesOf = ({ addresses = [], notReadyAddresses = [] }: EndpointSubset): { address: EndpointAddress; ready: boolean }[] =>
  [...addresses.map((address) => ({ address, ready: true })), ...notReadyAddresses.map((address) => ({ address, ready: false }))];

const portsOf = ({ ports = [] }: EndpointSubset): EndpointPort[] =>
  ports.map(({ name = '', port, protocol, appProtocol }) => ({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }));

const endpointOf = ({ ip, hostname = '', nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip], conditions: { ready },
  ...(hostname === '' ? {} : { hostname }), ...(nodeName === undefined ? {} : { nodeName }), ...(targetRef === undefined ? {} : { targetRef }),
});
