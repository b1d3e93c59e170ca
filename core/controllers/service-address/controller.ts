import { Service } from '#core/api/schema/core-v1/service.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { IPAddress, ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { clusterIPsOf, holdsAddress, isManagedAddress, isWithin, labelsOfAddress, serviceAddress, serviceOfAddress } from '#core/api/service-addresses.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf, type Client, type ObjectKey } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ipFamilyOf } from '#core/api/ip.ts';

export interface ServiceAddressOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

/** An address is made before its service: so long is waited for one that has none. No request takes longer. */
const graceMs = 60_000;
/** The cache still shows a service that has gone. */
const staleMs = 1000;
const byAddress = 'by-cluster-ip';

/**
 * Holds true that each cluster IP has an IPAddress which refers to its service, and that no service's address is left over. Admission
 * makes and removes them; this is for servers that die in between, for services from before there were IPAddresses, and for
 * what people change by hand. Keys are addresses.
 */
export class ServiceAddressController implements Controller {
  readonly name = 'service-address';
  readonly workers = 4;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #services: Informer<Service>;
  readonly #addresses: Informer<IPAddress>;
  readonly #cidrs: Informer<ServiceCIDR>;
  /** Since when an address has been seen to have no service. */
  readonly #orphans = new Map<string, number>();

  constructor({ client, informers, clock, recorder }: ServiceAddressOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#recorder = recorder;
    const services = (this.#services = informers.for(Service));
    const addresses = (this.#addresses = informers.for(IPAddress));
    this.#cidrs = informers.for(ServiceCIDR);
    services.addIndex(byAddress, ({ spec }) => clusterIPsOf(spec));
    this.sources = [
      source(services, (service, previous) => changedAddresses(service, previous)),
      source(addresses, (address, previous) => [(address ?? previous)?.metadata.name ?? '']),
      source(this.#cidrs, (cidr, previous) => (cidr === undefined || deepEqual(cidr.spec, previous?.spec) ? [] : this.#unrecorded(cidr))),
    ];
  }

  async reconcile(ip: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const holders = this.#services.byIndex(byAddress, ip);
    const cached = this.#addresses.get(ip);
    if (isRight(cached, holders)) {
      this.#orphans.delete(ip);
      return;
    }
    const waitMs = holders.length === 0 ? this.#waitMs(ip) : 0;
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const address = await this.#live(IPAddress, { name: ip }, signal);
    const rightful = await this.#holders(ip, address, holders, signal);
    if (rightful.length > 0) await this.#repair(ip, address, rightful, signal);
    else if (holders.length > 0) return { requeueAfterMs: staleMs };
    else if (address !== undefined && isManagedAddress(address)) await this.#cleanUp(ip, address, signal);
    this.#orphans.delete(ip);
  }

  /** Nobody holds the address: its service may be on the way. */
  #waitMs(ip: string): number {
    const now = this.#clock.now();
    const since = this.#orphans.get(ip) ?? now;
    this.#orphans.set(ip, since);
    return since + graceMs - now;
  }

  /** The services that hold the address now, the one that it refers to first, then by age. */
  async #holders(ip: string, address: IPAddress | undefined, cached: readonly Service[], signal: AbortSignal): Promise<readonly Service[]> {
    const owner = address === undefined ? undefined : serviceOfAddress(address);
    const keys = new Set([...(owner === undefined ? [] : [owner]), ...cached.toSorted(byAge).map(keyOf)]);
    const found = await Promise.all([...keys].map((key) => this.#live(Service, objectKeyOf(key), signal)));
    return found.filter((service) => service !== undefined).filter((service) => holdsAddress(service, ip));
  }

  async #repair(ip: string, address: IPAddress | undefined, [service, ...others]: readonly Service[], signal: AbortSignal): Promise<void> {
    if (service === undefined || this.#cidrs.size === 0) return;
    const what = `[${ipFamilyOf(ip) ?? ''}]: ${ip}`;
    if (![...this.#cidrs.values()].some((cidr) => isWithin(cidr, ip))) {
      this.#recorder.warning(service, 'ClusterIPOutOfRange', `Cluster IP ${what} is not within any configured Service CIDR; please recreate service`);
      return;
    }
    for (const other of others) this.#recorder.warning(other, 'ClusterIPAlreadyAllocated', `Cluster IP ${what} was assigned to multiple services; please recreate service`);
    if (address === undefined) {
      this.#recorder.warning(service, 'ClusterIPNotAllocated', `Cluster IP ${what} is not allocated; repairing`);
      await this.#client.create(IPAddress, serviceAddress(ip, service.metadata), {}, signal);
    } else if (serviceOfAddress(address) !== keyOf(service)) {
      this.#recorder.warning(service, 'ClusterIPNotAllocated', `the ClusterIP ${what} for Service ${keyOf(service)} has a wrong reference; repairing`);
      await this.#remove(address, signal);
      await this.#client.create(IPAddress, serviceAddress(ip, service.metadata), {}, signal);
    } else if (!isLabelled(address)) {
      await this.#client.patch(IPAddress, address.metadata, metadataPatch(address, { labels: labelsOfAddress(ip) }), {}, signal);
    }
  }

  async #cleanUp(ip: string, address: IPAddress, signal: AbortSignal): Promise<void> {
    await this.#remove(address, signal);
    const owner = serviceOfAddress(address);
    this.#recorder.warning(address, 'IPAddressNotAllocated', owner === undefined ? `IPAddress ${ip} appears to have been modified, not referencing a Service: cleaning up`
      : `IPAddress: ${ip} for Service ${owner} appears to have leaked: cleaning up`);
  }

  #remove({ metadata }: IPAddress, signal: AbortSignal): Promise<void> {
    const { uid, resourceVersion } = metadata;
    return this.#client.delete(IPAddress, metadata, { preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) } }, signal);
  }

  /** Caches of two kinds show two moments: what looks wrong in them may be right. */
  async #live<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, signal: AbortSignal): Promise<T | undefined> {
    try {
      return await this.#client.get(kind, key, signal);
    } catch (error) {
      if (StatusError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** Addresses of services which have become good with this range. */
  #unrecorded(cidr: ServiceCIDR): string[] {
    return [...this.#services.values()].flatMap(({ spec }) => clusterIPsOf(spec)).filter((ip) => this.#addresses.get(ip) === undefined && isWithin(cidr, ip));
  }
}

const byAge = (a: Service, b: Service): number =>
  ((a.metadata.creationTimestamp ?? '') + keyOf(a) < (b.metadata.creationTimestamp ?? '') + keyOf(b) ? -1 : 1);

/** One service for an address of ours; nobody's address is none of our business. */
function isRight(address: IPAddress | undefined, holders: readonly Service[]): boolean {
  const [service, ...others] = holders;
  if (service === undefined) return address === undefined || !isManagedAddress(address);
  return address !== undefined && others.length === 0 && keyOf(service) === serviceOfAddress(address) && isLabelled(address);
}

const isLabelled = ({ metadata }: IPAddress): boolean => Object.entries(labelsOfAddress(metadata.name)).every(([name, value]) => metadata.labels?.[name] === value);

function objectKeyOf(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

function changedAddresses(service: Service | undefined, previous: Service | undefined): readonly string[] {
  const [now, before] = [service, previous].map((each) => (each === undefined ? [] : clusterIPsOf(each.spec)));
  return deepEqual(now, before) ? [] : [...new Set([...(now ?? []), ...(before ?? [])])];
}
