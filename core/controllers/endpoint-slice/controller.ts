import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { desiredGroups, isHeadless, isSelecting, zoneLabel } from './desired.ts';
import { ServicesOfPods } from './services-of-pods.ts';
import { managerLabel, serviceLabel, SliceKeeper } from './slice-keeper.ts';

export interface EndpointSliceOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  /** Endpoints of a slice; 100 by default. */
  readonly mostEndpoints?: number;
}

export const headlessLabel = 'service.kubernetes.io/headless';

/** Keeps the EndpointSlices of services that select pods. Keys are services. */
export class EndpointSliceController implements Controller {
  readonly name = 'endpoint-slice';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #services: Informer<Service>;
  readonly #pods: ServicesOfPods;
  readonly #nodes: Informer<Node>;
  readonly #keeper: SliceKeeper;

  constructor(options: EndpointSliceOptions) {
    const { informers } = options;
    const services = (this.#services = informers.for(Service));
    const pods = informers.for(Pod);
    const nodes = (this.#nodes = informers.for(Node));
    this.#pods = new ServicesOfPods(services, pods);
    this.#keeper = new SliceKeeper({ ...options, manager: 'endpointslice-controller.k8s.io' });
    this.sources = [
      source(services, (service, previous) => [service ?? previous].filter((one) => one !== undefined).map(keyOf)),
      source(pods, (pod, previous) => this.#pods.affected(pod, previous)),
      source(nodes, (node, previous) => {
        const isMoved = node?.metadata.labels?.[zoneLabel] !== previous?.metadata.labels?.[zoneLabel];
        return isMoved ? this.#pods.onNode((node ?? previous)?.metadata.name ?? '') : [];
      }),
      this.#keeper.source,
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const service = this.#services.get(key);
    if (service === undefined) return this.#keeper.forget(key);
    if (isDeleting(service)) return;
    // One that selects none any more may have had slices; what is behind it now is somebody else's matter.
    return this.#keeper.keep(key, isSelecting(service) ? {
      owner: service, kind: Service, labels: labelsOf(service), groups: desiredGroups(service, this.#pods.of(service), (name) => this.#nodes.get(name)),
    } : undefined, signal);
  }
}

/** A service's slices have its labels, but those that say what they are. */
function labelsOf(service: Service): Record<string, string> {
  const { [serviceLabel]: _service, [managerLabel]: _manager, [headlessLabel]: _headless, ...own } = service.metadata.labels ?? {};
  return { ...own, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) };
}
