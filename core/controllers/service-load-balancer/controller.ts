import { Node } from '#core/api/schema/core-v1/node.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { annotationOf, hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { metadataPatch, withFinalizer, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, TerminalError, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { hasOwnTargetsOnly, wantsDetails, type LoadBalancer, type LoadBalancerDetails, type LoadBalancerRequest, type LoadBalancers } from '#core/spi/load-balancers.ts';
import { endpointsOf, serviceOf } from './endpoints.ts';
import { isSameTarget, ownerOf, requestOf, targetsOf, type Receivers } from './wanted.ts';

export interface ServiceLoadBalancerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** In the order of their modules: the first answers to services without a class. */
  readonly balancers: readonly LoadBalancers[];
  /** Services without a class are somebody else's, such as those of the cluster beside which this runs. */
  readonly leavesUnclassed?: boolean;
  readonly workers?: number;
}

export const cleanupFinalizer = 'service.kubernetes.io/load-balancer-cleanup';
/** On a service: the provider that was, or is about to be, asked for its load balancer. */
export const providerAnnotation = 'keelson.dev/load-balancer-provider';

/** What somebody changed in the cloud is put right this often. */
const repairMs = 10 * 60_000;
/** How soon one that is still being made is looked at again. */
const pendingMs = 5_000;
/** Wait before a request is repeated that was refused for lack of room. */
const slowRetryMs = 60_000;

/** Who keeps a caller waiting. */
const platform = 'the platform of the load balancer';

const balanced = 'balanced';
const ofService = 'service-load-balancer: slices of a service';
const isBalanced = (service: Service): boolean => service.spec.type === 'LoadBalancer';

/** What a load balancer was last brought to, or could not be. */
interface Known {
  readonly provider: string;
  readonly request: LoadBalancerRequest;
  /** When the same request is made again, though nothing has changed. */
  readonly due: number;
  readonly refused?: true;
}

/**
 * Has providers make the load balancers for which services ask. Intent before effect: the finalizer and the provider's name stand on the service
 * before the provider is asked, and the finalizer goes only when the provider says that nothing of this owner is left.
 * Services of classes that no provider here answers to are somebody else's.
 */
export class ServiceLoadBalancerController implements Controller {
  readonly name = 'service-load-balancer';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #balancers: readonly LoadBalancers[];
  readonly #leavesUnclassed: boolean;
  readonly #services: Informer<Service>;
  readonly #written: OwnWrites<Service>;
  readonly #nodes: Informer<Node>;
  /** Undefined where no provider ever asks for pods. */
  readonly #slices: Informer<EndpointSlice> | undefined;
  readonly #known = new Map<string, Known>();

  constructor({ client, informers, clock, recorder, balancers, leavesUnclassed = false, workers = 10 }: ServiceLoadBalancerOptions) {
    this.workers = workers;
    this.#client = client;
    this.#clock = clock;
    this.#events = new Announcer(recorder, clock);
    this.#balancers = balancers;
    this.#leavesUnclassed = leavesUnclassed;
    const services = (this.#services = informers.for(Service));
    services.addIndex(balanced, (service) => (isBalanced(service) || hasFinalizer(service, cleanupFinalizer) ? [balanced] : []));
    this.#written = new OwnWrites(services);
    this.#nodes = informers.for(Node);
    this.#slices = balancers.some(wantsDetails) ? informers.for(EndpointSlice) : undefined;
    this.#slices?.addIndex(ofService, (slice) => [serviceOf(slice)].filter((key) => key !== undefined));
    this.sources = [
      source(services, (service, previous) => [service ?? previous].filter((one) => one !== undefined).map(keyOf)),
      source(this.#nodes, (node, previous) => (isSameTarget(node, previous) ? [] : services.byIndex(balanced, balanced).map(keyOf))),
      ...(this.#slices === undefined ? [] : [source(this.#slices, (slice, previous) => this.#ofSlice(slice ?? previous))]),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#services.get(key);
    if (cached === undefined) return;
    const service = this.#written.newest(cached);
    const balancers = this.#answering(service);
    const former = annotationOf(service, providerAnnotation) ?? balancers?.provider;
    // The finalizer is upstream's: without a name beside it, or a class of ours, it may be somebody else's.
    if (hasFinalizer(service, cleanupFinalizer) && former !== undefined && (isDeleting(service) || former !== balancers?.provider)) return this.#cleanUp(service, former, signal);
    if (balancers === undefined || isDeleting(service)) return;
    const result = await this.#ensure(service, balancers, signal);
    if (result !== undefined) return result;
  }

  /** The provider whose the service is; undefined when it wants none, or somebody else's. */
  #answering(service: Service): LoadBalancers | undefined {
    const { loadBalancerClass } = service.spec;
    if (!isBalanced(service)) return undefined;
    if (loadBalancerClass !== undefined) return this.#balancers.find(({ classes }) => classes.includes(loadBalancerClass));
    // One that was given to a provider stays with it, though others may have come before it since.
    const given = annotationOf(service, providerAnnotation);
    return this.#balancers.find(({ provider }) => provider === given) ?? (this.#leavesUnclassed ? undefined : this.#balancers[0]);
  }

  async #ensure(cached: Service, balancers: LoadBalancers, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const service = await this.#announce(cached, balancers, signal);
    const request = requestOf(service, this.#receivers(service, balancers));
    const { uid } = service.metadata;
    const known = this.#standing(uid, balancers);
    if (known !== undefined && isSame(known.request, request)) return this.#until(known.due);
    try {
      if (known !== undefined && known.refused === undefined && isSameButTargets(known.request, request) && (await this.#updateTargets(service, balancers, request, signal))) {
        this.#known.set(uid, { ...known, request });
        return this.#until(known.due);
      }
      return await this.#make(service, balancers, request, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#known.delete(uid);
      return this.#failed(service, balancers, request, error);
    }
  }

  /** What is known and still holds. */
  #standing(uid: string, { provider }: LoadBalancers): Known | undefined {
    const known = this.#known.get(uid);
    return known !== undefined && known.provider === provider && known.due > this.#clock.now() ? known : undefined;
  }

  #until(due: number): ReconcileResult | undefined {
    return due === Infinity ? undefined : { requeueAfterMs: Math.max(1, due - this.#clock.now()) };
  }

  async #make(service: Service, balancers: LoadBalancers, request: LoadBalancerRequest, signal: AbortSignal): Promise<ReconcileResult> {
    const isNew = request.ingress.length === 0;
    if (isNew) this.#events.normal(service, 'EnsuringLoadBalancer', 'Ensuring load balancer');
    if (request.targets.length === 0) this.#events.warning(service, 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer');
    const made = await withDeadline(this.#clock, signal, (bounded) => balancers.ensure(request, bounded), undefined, platform);
    for (const warning of made.warnings) this.#events.warning(service, 'LoadBalancerWarning', warning);
    const reported = await this.#report(service, made.ingress, signal);
    const isComplete = made.ingress.length > 0;
    if (isNew && isComplete) this.#events.normal(service, 'EnsuredLoadBalancer', 'Ensured load balancer');
    const waitMs = isComplete ? repairMs : pendingMs;
    this.#known.set(service.metadata.uid, { provider: balancers.provider, request: requestOf(reported, request), due: this.#clock.now() + waitMs });
    return { requeueAfterMs: waitMs };
  }

  /** Resolves to false when there is nothing of which they could be changed. */
  async #updateTargets(service: Service, balancers: LoadBalancers, request: LoadBalancerRequest, signal: AbortSignal): Promise<boolean> {
    try {
      await withDeadline(this.#clock, signal, (bounded) => balancers.updateTargets(request, bounded), undefined, platform);
    } catch (error) {
      if (ProviderError.is(error, 'NotFound')) return false;
      throw error;
    }
    this.#events.normal(service, 'UpdatedLoadBalancer', 'Updated load balancer with new hosts');
    return true;
  }

  /** The finalizer and the provider's name, before anything is made. */
  async #announce(service: Service, { provider }: LoadBalancers, signal: AbortSignal): Promise<Service> {
    if (hasFinalizer(service, cleanupFinalizer) && annotationOf(service, providerAnnotation) === provider) return service;
    const patch = metadataPatch(service, { finalizers: withFinalizer(service, cleanupFinalizer), annotations: { [providerAnnotation]: provider } });
    return this.#written.note(await this.#client.patch(Service, service.metadata, patch, {}, signal));
  }

  async #cleanUp(service: Service, former: string, signal: AbortSignal): Promise<void> {
    const balancers = this.#balancers.find(({ provider }) => provider === former);
    if (balancers === undefined) {
      // Another process may have that provider; without it nobody can tell what is left.
      this.#events.warning(service, 'DeleteLoadBalancerFailed', `its load balancer is one of the provider ${JSON.stringify(former)}, which is not loaded here`);
      return;
    }
    this.#known.delete(service.metadata.uid);
    this.#events.normal(service, 'DeletingLoadBalancer', 'Deleting load balancer');
    try {
      await withDeadline(this.#clock, signal, (bounded) => balancers.delete(ownerOf(service), bounded), undefined, platform);
    } catch (error) {
      signal.throwIfAborted();
      this.#events.warning(service, 'DeleteLoadBalancerFailed', `Error deleting load balancer: ${sentenceOf(error)}`);
      throw error;
    }
    const current = await this.#report(service, [], signal);
    const patch = metadataPatch(current, { finalizers: withoutFinalizer(current, cleanupFinalizer), annotations: { [providerAnnotation]: null } });
    this.#written.note(await this.#client.patch(Service, current.metadata, patch, {}, signal));
    this.#events.normal(service, 'DeletedLoadBalancer', 'Deleted load balancer');
  }

  async #report(service: Service, ingress: LoadBalancer['ingress'], signal: AbortSignal): Promise<Service> {
    // The API adds the mode to an address that comes without one.
    const shown = ingress.map((place) => (place.ip === undefined || place.ipMode !== undefined ? place : { ...place, ipMode: 'VIP' }));
    if (deepEqual(service.status.loadBalancer.ingress ?? [], shown)) return service;
    const patch = metadataPatch(service, {}, { status: { loadBalancer: { ingress: ingress.length === 0 ? null : ingress } } });
    return this.#written.note(await this.#client.patchStatus(Service, service.metadata, patch, {}, signal));
  }

  #failed(service: Service, { provider }: LoadBalancers, request: LoadBalancerRequest, error: unknown): ReconcileResult {
    this.#events.warning(service, 'SyncLoadBalancerFailed', `Error syncing load balancer: ${sentenceOf(error)}`);
    const refuse = (due: number): void => void this.#known.set(service.metadata.uid, { provider, request, due, refused: true });
    if (ProviderError.is(error, 'Exhausted', 'AlreadyExists')) {
      refuse(this.#clock.now() + slowRetryMs);
      return { requeueAfterMs: slowRetryMs };
    }
    if (!ProviderError.is(error, 'Invalid')) throw error;
    refuse(Infinity);
    throw new TerminalError(error.message, { cause: error });
  }

  #receivers(service: Service, balancers: LoadBalancers): Receivers {
    const prefix = hasOwnTargetsOnly(balancers) ? balancers.targetPrefix : '';
    const { endpoints, nodeLabels } = detailsOf(service, balancers);
    const targets = targetsOf(this.#nodes.values(), nodeLabels).filter(({ providerId }) => providerId.startsWith(prefix)).toSorted((a, b) => (a.node < b.node ? -1 : 1));
    return endpoints ? { targets, endpoints: endpointsOf(this.#slices?.byIndex(ofService, keyOf(service)) ?? []) } : { targets };
  }

  /** The service of a slice, when its load balancer sends to pods themselves. */
  #ofSlice(slice: EndpointSlice | undefined): readonly string[] {
    const key = slice === undefined ? undefined : serviceOf(slice);
    const service = key === undefined ? undefined : this.#services.get(key);
    const balancers = service === undefined ? undefined : this.#answering(service);
    return service !== undefined && balancers !== undefined && key !== undefined && detailsOf(service, balancers).endpoints ? [key] : [];
  }
}

const nothingMore: LoadBalancerDetails = { endpoints: false, nodeLabels: [] };

function detailsOf({ metadata: { annotations = {} }, spec: { loadBalancerClass } }: Service, balancers: LoadBalancers): LoadBalancerDetails {
  return wantsDetails(balancers) ? balancers.details({ annotations, ...(loadBalancerClass === undefined ? {} : { class: loadBalancerClass }) }) : nothingMore;
}

const isSame = (a: LoadBalancerRequest, b: LoadBalancerRequest): boolean => deepEqual(a, b);
const withoutReceivers = (request: LoadBalancerRequest): LoadBalancerRequest => ({ ...request, targets: [], endpoints: [] });
const isSameButTargets = (a: LoadBalancerRequest, b: LoadBalancerRequest): boolean => isSame(withoutReceivers(a), withoutReceivers(b));
const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 900);
