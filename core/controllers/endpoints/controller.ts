import { Endpoints, type EndpointSubset } from '#core/api/schema/core-v1/endpoints.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, parseKey, type Client } from '#core/client/client.ts';
import { headlessLabel } from '#core/controllers/endpoint-slice/controller.ts';
import { isHeadless, isSelecting } from '#core/controllers/endpoint-slice/desired.ts';
import { ServicesOfPods } from '#core/controllers/endpoint-slice/services-of-pods.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { desiredSubsets } from './subsets.ts';

const manager = 'endpoint-controller';
const managerLabel = 'endpoints.kubernetes.io/managed-by';
const overCapacity = 'endpoints.kubernetes.io/over-capacity';

interface Wanted {
  readonly subsets: EndpointSubset[];
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

/** Keeps the Endpoints of services that select pods, for programs from before there were EndpointSlices. Keys are services. */
export class EndpointsController implements Controller {
  readonly name = 'endpoints';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #pods: ServicesOfPods;

  constructor({ client, informers }: { readonly client: Client; readonly informers: Informers }) {
    this.#client = client;
    const services = (this.#services = informers.for(Service));
    const endpoints = (this.#endpoints = informers.for(Endpoints));
    const pods = informers.for(Pod);
    this.#pods = new ServicesOfPods(services, pods);
    this.sources = [
      source(services, (service, previous) => [service ?? previous].filter((one) => one !== undefined).map(keyOf)),
      source(pods, (pod, previous) => this.#pods.affected(pod, previous)),
      source(endpoints, (one, previous) => [one ?? previous].filter((some) => some !== undefined).map(keyOf)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const service = this.#services.get(key);
    const existing = this.#endpoints.get(key);
    if (service === undefined) {
      // What people made before its service stays.
      if (existing?.metadata.labels?.[managerLabel] === manager) await this.#remove(existing, signal);
      return;
    }
    if (isDeleting(service) || !isSelecting(service)) return;
    const wanted = this.#wanted(service, existing);
    if (existing === undefined) await this.#create(key, wanted, signal);
    else if (!isSame(existing, wanted)) {
      const { labels, annotations, subsets } = wanted;
      await this.#client.update(Endpoints, { ...existing, metadata: { ...existing.metadata, labels, annotations }, subsets }, {}, signal);
    }
  }

  #wanted(service: Service, existing: Endpoints | undefined): Wanted {
    const { subsets, isTruncated } = desiredSubsets(service, this.#pods.of(service));
    const { [overCapacity]: _mark, ...others } = existing?.metadata.annotations ?? {};
    return {
      subsets,
      labels: { ...withoutHeadless(service), [managerLabel]: manager, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) },
      annotations: { ...others, ...(isTruncated ? { [overCapacity]: 'truncated' } : {}) },
    };
  }

  async #create(key: string, { subsets, ...metadata }: Wanted, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.create(Endpoints, { metadata: { ...parseKey(key), ...metadata }, subsets }, {}, signal);
    } catch (error) {
      // The namespace has begun to end, and with it the service; or the cache is behind, and will say so.
      if (!StatusError.is(error, 'Forbidden', 'NotFound', 'AlreadyExists')) throw error;
    }
  }

  async #remove(existing: Endpoints, signal: AbortSignal): Promise<void> {
    await this.#client.delete(Endpoints, existing.metadata, { preconditions: { uid: existing.metadata.uid } }, signal).catch((error: unknown) => {
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    });
  }
}

function withoutHeadless({ metadata: { labels = {} } }: Service): Record<string, string> {
  const { [headlessLabel]: _headless, ...own } = labels;
  return own;
}

const isSame = ({ metadata, subsets = [] }: Endpoints, wanted: Wanted): boolean =>
  deepEqual(metadata.labels ?? {}, wanted.labels) && deepEqual(metadata.annotations ?? {}, wanted.annotations) && deepEqual(subsets, wanted.subsets);
