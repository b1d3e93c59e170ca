import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { isProxyable } from './address.ts';
import type { Place } from './place.ts';
import { parseProxyName, portNumber } from './proxy-name.ts';

export const podAddresses = ({ status }: Pod): readonly string[] => status.podIPs?.map(({ ip }) => ip) ?? (status.podIP === undefined || status.podIP === '' ? [] : [status.podIP]);

/** Where a pod takes requests: the port that is named, or the first one that it declares. @throws {StatusError} */
export function placeOfPod(objects: ObjectStore, namespace: string, text: string): Place {
  const { scheme, name, port } = parseProxyName(text, 'pod');
  const pod = objects.get(Pod, namespace, name);
  if (pod === undefined || !isKindOf(pod, Pod)) throw StatusError.notFound(Pod, name);
  const [host] = podAddresses(pod);
  if (host === undefined || !isProxyable(host)) throw StatusError.badRequest('address not allowed');
  const declared = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const fallback = declared ?? (scheme === 'https' ? 443 : 80);
  return { scheme: scheme || 'http', address: { host, port: port === '' ? fallback : portNumber(port) } };
}
