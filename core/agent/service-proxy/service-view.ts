import { Cidr } from '#core/api/ip.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf } from '#core/client/client.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { ProxyPort, ProxyState } from '#core/spi/service-proxy.ts';
import type { NodePlace } from './endpoint-choice.ts';
import { knownEndpoints, type KnownEndpoints } from './known-endpoints.ts';
import { healthCheckNodePortOf, isProxied, proxyPorts } from './service-ports.ts';

export interface ServiceViewOptions {
  readonly informers: Informers;
  readonly nodeName: string;
  /** Ranges of the cluster's pods. */
  readonly clusterCidrs: readonly string[];
  /** Told when there may be something new to take. */
  readonly changed: () => void;
}

/** What load balancers are told about one service. */
export interface LocalService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Pods of it on this node that are ready. */
  readonly localEndpoints: number;
}

export interface Taken {
  readonly state: ProxyState;
  /** Keys of ports that differ from what was taken before; undefined when more than ports does. */
  readonly changed: ReadonlySet<string> | undefined;
  /** Services some of whose endpoints no service may have, with these addresses; found out just now. */
  readonly refused: readonly { readonly service: Service; readonly addresses: readonly string[] }[];
}

const zoneLabel = 'topology.kubernetes.io/zone';
const serviceLabel = 'kubernetes.io/service-name';
const sliceIndex = 'service-proxy: slices of a service';
/** One function for all, so that several nodes in one process share the index. */
const serviceOfSlice = ({ metadata: { namespace = '', labels = {} } }: EndpointSlice): string[] => {
  const name = Object.hasOwn(labels, serviceLabel) ? labels[serviceLabel] : undefined;
  return name === undefined || name === '' ? [] : [`${namespace}/${name}`];
};

/** What all services mean on one node. Works out anew only those of which something has changed. */
export class ServiceView {
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #nodes: Informer<Node>;
  readonly #cidrs: Informer<ServiceCIDR>;
  readonly #nodeName: string;
  readonly #clusterCidrs: readonly string[];
  readonly #unsubscribe: (() => void)[];
  readonly #dirty = new Set<string>();
  readonly #ports = new Map<string, ProxyPort>();
  readonly #keysOf = new Map<string, readonly string[]>();
  readonly #health = new Map<string, LocalService>();
  #place: NodePlace;
  #serviceCidrs: readonly string[] = [];

  constructor({ informers, nodeName, clusterCidrs, changed }: ServiceViewOptions) {
    this.#services = informers.for(Service);
    this.#slices = informers.for(EndpointSlice);
    this.#nodes = informers.for(Node);
    this.#cidrs = informers.for(ServiceCIDR);
    this.#nodeName = nodeName;
    this.#clusterCidrs = clusterCidrs;
    this.#place = { nodeName, zone: undefined };
    this.#slices.addIndex(sliceIndex, serviceOfSlice);
    const mark = (keys: Iterable<string>): void => {
      for (const key of keys) this.#dirty.add(key);
      changed();
    };
    this.#unsubscribe = [
      this.#services.subscribe((service, previous) => mark([service ?? previous].flatMap((one) => (one === undefined ? [] : [keyOf(one)])))),
      this.#slices.subscribe((slice, previous) => mark([slice, previous].flatMap((one) => (one === undefined ? [] : serviceOfSlice(one))))),
      this.#nodes.subscribe((node, previous) => {
        if ((node ?? previous)?.metadata.name === nodeName) changed();
      }),
      this.#cidrs.subscribe(() => changed()),
    ];
  }

  /** This node, as the API has it. */
  get node(): Node | undefined {
    return this.#nodes.get(this.#nodeName);
  }

  service({ namespace, name }: ProxyPort['service']): Service | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  /** Resolves when everything has been listed once: half a view would cut off what it does not show. The ranges only make it faster. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#services.whenSynced(signal), this.#slices.whenSynced(signal), this.#nodes.whenSynced(signal)]);
  }

  /** Services of whose local endpoints load balancers ask, by their keys. As they were taken last. */
  get health(): ReadonlyMap<string, LocalService> {
    return this.#health;
  }

  /** Brings everything up to date. What the state holds is changed by the next call. */
  take(): Taken {
    const moved = this.#notePlace();
    const widened = this.#noteCidrs();
    if (moved) for (const service of this.#services.values()) this.#dirty.add(keyOf(service));
    const changed = new Set<string>();
    const refused: { service: Service; addresses: readonly string[] }[] = [];
    for (const key of this.#dirty) {
      const service = this.#services.get(key);
      const known = service !== undefined && isProxied(service) ? knownEndpoints(this.#slices.byIndex(sliceIndex, key)) : none;
      if (service !== undefined && known.refused.length > 0) refused.push({ service, addresses: known.refused });
      this.#replace(key, service === undefined ? [] : proxyPorts(service, known, this.#place), changed);
      this.#noteHealth(key, service, known);
    }
    this.#dirty.clear();
    const state = { ports: this.#ports, serviceCidrs: this.#serviceCidrs, clusterCidrs: this.#clusterCidrs };
    return { state, changed: widened ? undefined : changed, refused };
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #replace(service: string, ports: readonly ProxyPort[], changed: Set<string>): void {
    const now = new Map(ports.map((port) => [port.key, port]));
    for (const key of this.#keysOf.get(service) ?? []) {
      if (now.has(key)) continue;
      this.#ports.delete(key);
      changed.add(key);
    }
    for (const [key, port] of now) {
      if (deepEqual(this.#ports.get(key), port)) continue;
      this.#ports.set(key, port);
      changed.add(key);
    }
    if (now.size === 0) this.#keysOf.delete(service);
    else this.#keysOf.set(service, [...now.keys()]);
  }

  #noteHealth(key: string, service: Service | undefined, known: KnownEndpoints): void {
    const port = service === undefined ? undefined : healthCheckNodePortOf(service);
    if (service === undefined || port === undefined) {
      this.#health.delete(key);
      return;
    }
    const here = [...known.byPort.values()].flat().filter(({ ready, nodeName }) => ready && nodeName === this.#nodeName);
    const { namespace = '', name } = service.metadata;
    this.#health.set(key, { namespace, name, port, localEndpoints: new Set(here.map(({ address }) => address)).size });
  }

  #notePlace(): boolean {
    const zone = this.node?.metadata.labels?.[zoneLabel];
    if (zone === this.#place.zone) return false;
    this.#place = { nodeName: this.#nodeName, zone };
    return true;
  }

  #noteCidrs(): boolean {
    const ranges = [...this.#cidrs.values()].flatMap(({ spec }) => spec.cidrs ?? []).map((text) => Cidr.parse(text)).filter((range) => range !== undefined);
    const now = [...new Set(ranges.map(String))].toSorted();
    if (deepEqual(now, this.#serviceCidrs)) return false;
    this.#serviceCidrs = now;
    return true;
  }
}

const none: KnownEndpoints = { byPort: new Map(), refused: [] };
