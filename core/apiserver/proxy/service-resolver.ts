import { Endpoints } from '#core/api/schema/core-v1/endpoints.ts';
import { Service, type ServicePort } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ServiceResolver } from '#core/client/webhook-client.ts';
import { dropOldest } from '#core/kernel/oldest.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { Address } from './address.ts';

/** One ready backend of a service's port. */
export interface ServiceEndpoint extends Address {
  /** The pod behind it, when it is one of the same namespace. */
  readonly pod: string | undefined;
}

/** What is known of the backends of one service. */
interface Backends {
  /** There is an object that says who they are, be it nobody. */
  readonly isKnown: boolean;
  /** By the name of the service's port. */
  readonly byPort: ReadonlyMap<string, readonly ServiceEndpoint[]>;
  turn: number;
}

const serviceLabel = 'kubernetes.io/service-name';

/** Finds services by what is stored of them: their endpoints in turn, an external name, or the service's own address. */
export class StoredServices implements ServiceResolver {
  private readonly objects: ObjectStore;
  /** By `namespace/service`, until something about them changes. */
  private readonly backends = new Map<string, Backends>();

  constructor(objects: ObjectStore) {
    this.objects = objects;
    objects.cache(EndpointSlice).subscribe(({ object, previous }) => {
      for (const { metadata } of [object, ...(previous ? [previous] : [])]) this.backends.delete(`${metadata.namespace ?? ''}/${metadata.labels?.[serviceLabel] ?? ''}`);
    });
    objects.cache(Endpoints).subscribe(({ object: { metadata } }) => this.backends.delete(`${metadata.namespace ?? ''}/${metadata.name}`));
  }

  /** @throws {StatusError} NotFound, or ServiceUnavailable when nobody is behind it */
  resolve(namespace: string, name: string, port: number | string): Address {
    const { spec } = this.find(namespace, name);
    if (spec.type === 'ExternalName') return { host: spec.externalName ?? '', port: typeof port === 'number' ? port : portOf(spec.ports, port, name).port };
    const served = portOf(spec.ports, port, name);
    const endpoint = this.endpoints(namespace, name, served.name ?? '').next();
    if (endpoint !== undefined) return { host: endpoint.host, port: endpoint.port };
    // Somebody else may route it, where nobody says who its endpoints are.
    if (!this.of(namespace, name).isKnown && spec.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None') return { host: spec.clusterIP, port: served.port };
    throw noEndpoints(name);
  }

  /** @throws {StatusError} NotFound */
  find(namespace: string, name: string): Service {
    const service = this.objects.get(Service, namespace, name);
    if (service !== undefined && isKindOf(service, Service)) return service;
    throw new StatusError('NotFound', `service "${name}" not found`, { name, kind: Service.plural });
  }

  /** The ready endpoints of a port, each time beginning with another one. @param port its name, '' for the one without */
  endpoints(namespace: string, name: string, port: string): { next(): ServiceEndpoint | undefined; readonly count: number } {
    const backends = this.of(namespace, name);
    const ready = backends.byPort.get(port) ?? [];
    return { count: ready.length, next: () => (ready.length === 0 ? undefined : ready[backends.turn++ % ready.length]) };
  }

  private of(namespace: string, name: string): Backends {
    const key = `${namespace}/${name}`;
    let known = this.backends.get(key);
    if (known === undefined) {
      known = this.read(namespace, name);
      this.backends.set(key, known);
      if (this.backends.size > mostRemembered) dropOldest(this.backends);
    }
    return known;
  }

  private read(namespace: string, name: string): Backends {
    const slices = [...this.objects.cache(EndpointSlice).range(`${namespace}/`)].map(([, slice]) => slice)
      .filter((slice): slice is EndpointSlice => isKindOf(slice, EndpointSlice) && slice.metadata.labels?.[serviceLabel] === name);
    if (slices.length > 0) return backendsOf(slices.flatMap((slice) => ofSlice(slice, namespace)));
    const old: KubernetesObject | undefined = this.objects.get(Endpoints, namespace, name);
    if (old === undefined || !isKindOf(old, Endpoints)) return { isKnown: false, byPort: new Map(), turn: 0 };
    return backendsOf(ofEndpoints(old, namespace));
  }
}

const mostRemembered = 10_000;

type Named = readonly [port: string, endpoint: ServiceEndpoint];

const ofSlice = ({ endpoints, ports = [] }: EndpointSlice, namespace: string): Named[] => endpoints.flatMap(({ addresses: [host], conditions, targetRef }) => {
  if (host === undefined || conditions.ready === false) return [];
  return ports.flatMap(({ name = '', port }): Named[] => (port === undefined ? [] : [[name, { host, port, pod: podOf(targetRef, namespace) }]]));
});

const ofEndpoints = ({ subsets = [] }: Endpoints, namespace: string): Named[] => subsets.flatMap(({ addresses = [], ports = [] }) =>
  addresses.flatMap(({ ip, targetRef }) => ports.map(({ name = '', port }): Named => [name, { host: ip, port, pod: podOf(targetRef, namespace) }])));

interface Reference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

const podOf = (reference: Reference | undefined, namespace: string): string | undefined =>
  (reference?.kind === 'Pod' && reference.namespace === namespace ? reference.name : undefined);

const backendsOf = (all: readonly Named[]): Backends => {
  const byPort = new Map<string, ServiceEndpoint[]>();
  for (const [port, endpoint] of all) {
    const others = byPort.get(port);
    if (others) others.push(endpoint);
    else byPort.set(port, [endpoint]);
  }
  return { isKnown: true, byPort, turn: 0 };
};

/** @throws {StatusError} ServiceUnavailable */
export function portOf(ports: readonly ServicePort[] | undefined, port: number | string, service: string): ServicePort {
  const found = ports?.find((candidate) => (typeof port === 'number' ? candidate.port === port : (candidate.name ?? '') === port));
  if (found === undefined) throw new StatusError('ServiceUnavailable', `no service port ${typeof port === 'number' ? port : JSON.stringify(port)} found for service "${service}"`);
  return found;
}

export const noEndpoints = (service: string): StatusError => new StatusError('ServiceUnavailable', `no endpoints available for service "${service}"`);
