import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { EndpointGroup } from './desired.ts';
import { ExpectedSlices } from './expected-slices.ts';
import { place, type SliceContent } from './placing.ts';

export interface SliceKeeperOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  /** What stands in the label by which a controller knows its slices. */
  readonly manager: string;
  /** Endpoints of a slice; 100 by default, as everywhere. */
  readonly mostEndpoints?: number | undefined;
}

export interface Wanted {
  /** A service, or the Endpoints of its name. */
  readonly owner: KubernetesObject;
  readonly kind: Kind;
  /** Besides those that say whose slice it is. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly groups: ReadonlyMap<string, EndpointGroup>;
}

export const managerLabel = 'endpointslice.kubernetes.io/managed-by';
export const serviceLabel = 'kubernetes.io/service-name';
/** How soon a cache that is behind is looked at again, if it says nothing itself. */
const staleMs = 1000;

/** Keeps the slices of services, of one manager, as they are wanted. Keys are services. */
export class SliceKeeper {
  readonly source: Source;
  readonly #client: Client;
  readonly #manager: string;
  readonly #index: string;
  readonly #slices: Informer<EndpointSlice>;
  readonly #expected: ExpectedSlices;
  readonly #most: number;

  constructor({ client, informers, clock, manager, mostEndpoints = 100 }: SliceKeeperOptions) {
    this.#client = client;
    this.#manager = manager;
    this.#most = mostEndpoints;
    this.#expected = new ExpectedSlices(clock);
    this.#index = `slices-of-service ${manager}`;
    const slices = (this.#slices = informers.for(EndpointSlice));
    slices.addIndex(this.#index, (slice) => this.#serviceOf(slice));
    this.source = source(slices, (slice, previous) => new Set([slice, previous].flatMap((one) => (one === undefined ? [] : this.#serviceOf(one)))));
  }

  /** The service is gone, and whoever collects garbage takes the slices. */
  forget(key: string): void {
    this.#expected.forget(key);
  }

  /** @param wanted nothing: other slices, or none, belong to the service now */
  async keep(key: string, wanted: Wanted | undefined, signal: AbortSignal): Promise<ReconcileResult | void> {
    const existing = this.#slices.byIndex(this.#index, key);
    if (this.#expected.isStale(key, existing)) return { requeueAfterMs: staleMs };
    if (wanted === undefined) {
      for (const slice of existing) await this.#remove(key, slice, signal);
      return;
    }
    const { create, update, remove, keep } = place(existing.filter((slice) => !isDeleting(slice)), wanted.groups, this.#most);
    const { annotations } = wanted;
    const labels = { ...wanted.labels, [managerLabel]: this.#manager, [serviceLabel]: wanted.owner.metadata.name };
    const named = (slice: EndpointSlice): EndpointSlice => ({ ...slice, metadata: { ...slice.metadata, labels, ...(annotations === undefined ? {} : { annotations }) } });
    const renamed = keep.filter((slice) => !deepEqual(named(slice).metadata, slice.metadata));
    for (const slice of [...update, ...renamed]) this.#expected.wrote(key, await this.#client.update(EndpointSlice, named(slice), {}, signal));
    for (const content of create) await this.#create(wanted, content, labels, signal);
    // Last, so that at no moment an endpoint is in none.
    for (const slice of remove) await this.#remove(key, slice, signal);
  }

  async #create({ owner, kind, annotations = {} }: Wanted, content: SliceContent, labels: Record<string, string>, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid } = owner.metadata;
    try {
      this.#expected.wrote(keyOf(owner), await this.#client.create(EndpointSlice, {
        metadata: {
          namespace, name: '', generateName: `${name}-`, labels, annotations,
          ownerReferences: [{ apiVersion: apiVersionOf(kind), kind: kind.kind, name, uid, controller: true, blockOwnerDeletion: true }],
        },
        ...content,
      }, {}, signal));
    } catch (error) {
      // The namespace has begun to end, and with it the service.
      if (!StatusError.is(error, 'Forbidden', 'NotFound')) throw error;
    }
  }

  async #remove(key: string, slice: EndpointSlice, signal: AbortSignal): Promise<void> {
    const { uid } = slice.metadata;
    await this.#client.delete(EndpointSlice, slice.metadata, { preconditions: { uid } }, signal).catch((error: unknown) => {
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    });
    this.#expected.removed(key, slice);
  }

  #serviceOf({ metadata: { namespace = '', labels } }: EndpointSlice): string[] {
    const service = labels?.[serviceLabel];
    return labels?.[managerLabel] === this.#manager && service !== undefined && service !== '' ? [`${namespace}/${service}`] : [];
  }
}
