import { ipFamilyOf } from '#core/api/ip.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { keyOf } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { NameRecord, NameServer } from '#core/spi/name-server.ts';
import { NameOwners } from './name-owners.ts';
import { podNames } from './pod-names.ts';
import { reverseZones } from './reverse-names.ts';
import { serviceNames, type Names } from './service-names.ts';

export interface ClusterNamesOptions {
  readonly informers: Informers;
  readonly server: NameServer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `cluster.local` by default. */
  readonly clusterDomain?: string;
  /** At which addresses pods ask: what `ns.dns.<cluster domain>`, the zone's name server, leads to. */
  readonly clusterDns?: readonly string[];
  /** The cluster's ranges of addresses, of services and pods (CIDR): in them an address without a name has none anywhere else. */
  readonly ranges?: readonly string[];
  /** Whether pods are found by their address, `10-244-1-7.<namespace>.pod.<cluster domain>`; false by default, for it takes a copy of all pods. */
  readonly pods?: boolean;
  /** Seconds for which resolvers may keep an answer; 5 by default. */
  readonly ttlSeconds?: number;
}

/** The version of the specification to which the names keep. https://github.com/kubernetes/dns/blob/master/docs/specification.md */
const schemaVersion = '1.1.0';
const schemaTtlSeconds = 28_800;
const serviceLabel = 'kubernetes.io/service-name';
const slicesOfService = 'dns/service';
/** Changes that come together are published together. */
const gatherMs = 10;

const serviceOf = ({ metadata: { namespace = '', labels } }: EndpointSlice): string[] => {
  const name = labels?.[serviceLabel] ?? '';
  return name === '' ? [] : [`${namespace}/${name}`];
};

/** Publishes the names of the cluster by its services, endpoints and namespaces, and keeps them true. */
export class ClusterNames implements Component {
  readonly name = 'cluster-names';
  readonly #server: NameServer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #domain: string;
  readonly #zones: readonly string[];
  readonly #clusterDns: readonly string[];
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #namespaces: Informer<Namespace>;
  readonly #pods: Informer<Pod> | undefined;
  readonly #owners: NameOwners;
  readonly #ttl: number;
  readonly #ended = new AbortController();
  readonly #ends: (() => void)[] = [];
  /** Owners to look at: `service/…`, `namespace/…`, `pod/…`. */
  readonly #dirty = new Set<string>();
  #complete = false;
  #stopGathering: (() => void) | undefined;

  constructor({ informers, server, clock, logger, clusterDomain = 'cluster.local', clusterDns = [], ranges = [], pods = false, ttlSeconds = 5 }: ClusterNamesOptions) {
    this.#server = server;
    this.#clock = clock;
    this.#logger = logger;
    this.#domain = clusterDomain.toLowerCase().replace(/\.$/, '');
    this.#zones = [this.#domain, ...reverseZones(ranges)];
    this.#clusterDns = clusterDns;
    this.#ttl = ttlSeconds;
    this.#owners = new NameOwners(ttlSeconds);
    this.#services = informers.for(Service);
    this.#slices = informers.for(EndpointSlice);
    this.#namespaces = informers.for(Namespace);
    this.#pods = pods ? informers.for(Pod) : undefined;
    this.#slices.addIndex(slicesOfService, serviceOf);
  }

  /** Does not wait for the API: until it has been read the server says that it does not know yet. */
  async start(): Promise<void> {
    this.#server.setZones(this.#zones);
    this.#publishOwn();
    this.#ends.push(
      this.#services.subscribe((object, previous) => this.#look('service', object ?? previous)),
      this.#namespaces.subscribe((object, previous) => this.#look('namespace', object ?? previous)),
      this.#slices.subscribe((object, previous) => {
        for (const slice of [object, previous]) for (const key of slice === undefined ? [] : serviceOf(slice)) this.#mark(`service/${key}`);
      }),
    );
    if (this.#pods !== undefined) this.#ends.push(this.#pods.subscribe((object, previous) => this.#look('pod', object ?? previous)));
    void this.#publishAll();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    for (const end of this.#ends.splice(0)) end();
    this.#stopGathering?.();
  }

  /** What stands in the zone whatever is in the cluster. */
  #publishOwn(): void {
    const nothing = { ttl: this.#ttl, records: [] };
    const addresses: NameRecord[] = this.#clusterDns.map((address) => ({ type: ipFamilyOf(address) === 'IPv6' ? 'AAAA' : 'A', address }));
    this.#server.publish(new Map([
      [`svc.${this.#domain}`, nothing],
      ...(this.#pods === undefined ? [] : [[`pod.${this.#domain}`, nothing] as const]),
      [`dns-version.${this.#domain}`, { ttl: schemaTtlSeconds, records: [{ type: 'TXT', text: schemaVersion }] }],
      [`ns.dns.${this.#domain}`, { ttl: this.#ttl, records: addresses }],
    ]));
  }

  async #publishAll(): Promise<void> {
    const { signal } = this.#ended;
    try {
      // Not for the namespaces: an agent that may not list them still serves what is in them.
      await Promise.all([this.#services, this.#slices, ...(this.#pods === undefined ? [] : [this.#pods])].map((informer) => informer.whenSynced(signal)));
    } catch (error) {
      if (!signal.aborted) this.#logger.error('the names of the cluster are not served', { error });
      return;
    }
    this.#complete = true;
    this.#publish();
    this.#server.complete();
  }

  #look(what: 'service' | 'namespace' | 'pod', object: Service | Namespace | Pod | undefined): void {
    if (object !== undefined) this.#mark(`${what}/${keyOf(object)}`);
  }

  #mark(owner: string): void {
    this.#dirty.add(owner);
    // A half of the names would tell that the other half does not exist.
    if (!this.#complete || this.#stopGathering !== undefined) return;
    this.#stopGathering = this.#clock.after(gatherMs, () => {
      this.#stopGathering = undefined;
      this.#publish();
    });
  }

  #publish(): void {
    for (const owner of this.#dirty) this.#owners.set(owner, this.#namesOf(owner));
    this.#dirty.clear();
    const changes = this.#owners.takeChanges();
    if (changes.size > 0) this.#server.publish(changes);
  }

  #namesOf(owner: string): Names | undefined {
    const slash = owner.indexOf('/');
    const [what, key] = [owner.slice(0, slash), owner.slice(slash + 1)];
    if (what === 'service') {
      const service = this.#services.get(key);
      return service === undefined ? undefined : serviceNames(service, this.#slices.byIndex(slicesOfService, key), this.#domain);
    }
    if (what === 'pod') {
      const pod = this.#pods?.get(key);
      return pod === undefined ? undefined : podNames(pod, this.#domain);
    }
    return this.#namespaces.get(key) === undefined ? undefined : this.#namespaceNames(key);
  }

  #namespaceNames(namespace: string): Names {
    return new Map([`${namespace}.svc.${this.#domain}`, ...(this.#pods === undefined ? [] : [`${namespace}.pod.${this.#domain}`])].map((name) => [name, []]));
  }
}
