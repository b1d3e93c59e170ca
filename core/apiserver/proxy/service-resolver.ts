import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { ServiceResolver } from '#core/client/webhook-client.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

type ServicePort = NonNullable<Service['spec']['ports']>[number];

/** Finds services by what is stored of them: a ready endpoint, otherwise the service's own address. */
export class StoredServices implements ServiceResolver {
  private readonly objects: ObjectStore;
  private turn = 0;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  resolve(namespace: string, name: string, port: number): { readonly host: string; readonly port: number } {
    const service = this.objects.get(Service, namespace, name);
    if (service === undefined || !isKindOf(service, Service)) throw new Error(`service "${name}" not found`);
    const { spec } = service;
    if (spec.type === 'ExternalName') return { host: spec.externalName ?? '', port };
    const served = spec.ports?.find((candidate) => candidate.port === port);
    if (served === undefined) throw new Error(`no service port ${port} found for service "${name}"`);
    const endpoint = this.endpoint(namespace, name, served);
    if (endpoint) return endpoint;
    if (spec.clusterIP && spec.clusterIP !== 'None' && (spec.selector === undefined || Object.keys(spec.selector).length === 0)) return { host: spec.clusterIP, port };
    throw new Error(`no endpoints available for service "${name}"`);
  }

  private endpoint(namespace: string, name: string, port: ServicePort): { readonly host: string; readonly port: number } | undefined {
    const found = [...this.objects.cache(EndpointSlice).range(`${namespace}/`)].flatMap(([, slice]) =>
      (isKindOf(slice, EndpointSlice) && slice.metadata.labels?.['kubernetes.io/service-name'] === name ? readyOf(slice, port.name ?? '') : []));
    return found[this.turn++ % Math.max(1, found.length)];
  }
}

function readyOf({ ports, endpoints }: EndpointSlice, portName: string): { readonly host: string; readonly port: number }[] {
  const port = ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? []).flatMap(({ addresses: [host], conditions }) => (host === undefined || conditions?.ready === false ? [] : [{ host, port }]));
}
