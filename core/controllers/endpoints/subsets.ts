import { ipFamilyOf } from '#core/api/ip.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset } from '#core/api/schema/core-v1/endpoints.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import { addressesOf, endpointPorts, familiesOf, isReady } from '#core/controllers/endpoint-slice/desired.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';

/** The most addresses that an Endpoints object has; EndpointSlices have no such bound. */
export const mostAddresses = 1000;

interface Part {
  readonly ports: readonly EndpointPort[];
  readonly addresses: EndpointAddress[];
  readonly notReady: EndpointAddress[];
}

/** Pods with the same ports stand in one subset, ordered by their addresses. Of the service's families only the first is there. */
export function desiredSubsets(service: Service, pods: readonly Pod[]): { readonly subsets: EndpointSubset[]; readonly isTruncated: boolean } {
  const [family] = familiesOf(service);
  const parts = new Map<string, Part>();
  let ready = 0;
  let notReady = 0;
  for (const pod of pods.toSorted((a, b) => ((a.status.podIP ?? '') < (b.status.podIP ?? '') ? -1 : 1))) {
    const address = belongs(service, pod) ? addressesOf(pod).find((ip) => ipFamilyOf(ip) === family) : undefined;
    if (address === undefined) continue;
    const ports = endpointPorts(service, pod).map(({ name = '', port = 0, protocol = 'TCP', appProtocol }): EndpointPort => ({ ...(name === '' ? {} : { name }), port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }));
    // Without a port it can be reached at all of them only where there is no virtual address in front.
    if (ports.length === 0 && service.spec.clusterIP !== 'None') continue;
    const key = JSON.stringify(ports);
    const part = parts.get(key) ?? { ports, addresses: [], notReady: [] };
    parts.set(key, part);
    const isIn = service.spec.publishNotReadyAddresses === true || isReady(pod);
    (isIn ? part.addresses : part.notReady).push(addressOf(service, pod, address));
    if (isIn) ready++;
    else notReady++;
  }
  const isTruncated = ready + notReady > mostAddresses;
  if (isTruncated) truncate([...parts.values()]);
  return { subsets: [...parts.values()].filter(({ addresses, notReady: waiting }) => addresses.length + waiting.length > 0).map(subsetOf), isTruncated };
}

const belongs = ({ spec }: Service, pod: Pod): boolean => !isTerminated(pod) && (pod.metadata.deletionTimestamp === undefined || spec.publishNotReadyAddresses === true);

function addressOf({ metadata }: Service, { metadata: { namespace = '', name, uid }, spec: { nodeName = '', hostname = '', subdomain } }: Pod, ip: string): EndpointAddress {
  return {
    ip,
    ...(hostname !== '' && subdomain === metadata.name ? { hostname } : {}),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

/** Those that are ready have room first. */
function truncate(parts: readonly Part[]): void {
  let room = mostAddresses;
  for (const list of [...parts.map(({ addresses }) => addresses), ...parts.map(({ notReady }) => notReady)]) {
    list.splice(room);
    room -= list.length;
  }
}

const subsetOf = ({ ports, addresses, notReady }: Part): EndpointSubset => ({
  ...(addresses.length === 0 ? {} : { addresses }), ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }), ...(ports.length === 0 ? {} : { ports: [...ports] }),
});
