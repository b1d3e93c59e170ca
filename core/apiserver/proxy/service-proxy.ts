import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { isProxyable } from './address.ts';
import { podAddresses } from './pod-proxy.ts';
import type { Place } from './place.ts';
import { parseProxyName } from './proxy-name.ts';
import { noEndpoints, portOf, type ServiceEndpoint, type StoredServices } from './service-resolver.ts';

/** Where a service takes requests: one of its ready pods. Endpoints that are no pods could be anything, and are left out. @throws {StatusError} */
export function placeOfService(objects: ObjectStore, services: StoredServices, namespace: string, text: string): Place {
  const { scheme, name, port } = parseProxyName(text, 'service');
  const service = objects.get(Service, namespace, name);
  if (service === undefined || !isKindOf(service, Service)) throw StatusError.notFound(Service, name);
  const portName = /^\d+$/.test(port) ? portOf(service.spec.ports, Number(port), name).name ?? '' : port;
  const ready = services.endpoints(namespace, name, portName);
  for (let left = ready.count; left > 0; left--) {
    const endpoint = ready.next();
    if (endpoint !== undefined && isPodsOwn(objects, namespace, endpoint)) return { scheme: scheme || 'http', address: { host: endpoint.host, port: endpoint.port } };
  }
  throw noEndpoints(text);
}

function isPodsOwn(objects: ObjectStore, namespace: string, { pod: name, host }: ServiceEndpoint): boolean {
  const pod = name === undefined ? undefined : objects.get(Pod, namespace, name);
  return pod !== undefined && isKindOf(pod, Pod) && podAddresses(pod).includes(host) && isProxyable(host);
}
