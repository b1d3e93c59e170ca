import { ipFamilyOf, type IpFamily } from '#core/api/ip.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Service, ServicePort } from '#core/api/schema/core-v1/service.ts';
import type { Endpoint, EndpointHints, EndpointPort } from '#core/api/schema/discovery-v1.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';

export const zoneLabel = 'topology.kubernetes.io/zone';

/** Endpoints that can stand in one slice. */
export interface EndpointGroup {
  readonly addressType: IpFamily;
  readonly ports: readonly EndpointPort[];
  /** By `endpointKey`. */
  readonly endpoints: Map<string, Endpoint>;
}

/** An endpoint stays the same as long as its pod and its address do. */
export const endpointKey = ({ addresses, targetRef }: Endpoint): string => `${targetRef?.uid ?? ''} ${addresses[0] ?? ''}`;

/** All slices with the same one could be one slice. */
export const groupKey = (addressType: string, ports: readonly EndpointPort[]): string =>
  [addressType, ...ports.map(({ name = '', protocol = 'TCP', port, appProtocol = '' }) => `${name} ${protocol} ${port ?? ''} ${appProtocol}`).toSorted()].join('|');

/** Whether its pods are behind it: those of other services are somebody else's matter. */
export const isSelecting = ({ spec }: Service): boolean => spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0;

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None';

/**
 * The endpoints that a service should have, as Kubernetes' endpointslice controller sees them: each pod that it selects, that has an address and has not
 * ended, in every IP family of the service. Pods whose named ports have other numbers are in other groups; a family without endpoints has an empty one.
 */
export function desiredGroups(service: Service, pods: readonly Pod[], nodeOf: (name: string) => Node | undefined): Map<string, EndpointGroup> {
  const groups = new Map<string, EndpointGroup>();
  for (const pod of pods) {
    if (isTerminated(pod)) continue;
    const ports = endpointPorts(service, pod);
    for (const addressType of familiesOf(service)) {
      const address = addressesOf(pod).find((ip) => ipFamilyOf(ip) === addressType);
      if (address === undefined) continue;
      const key = groupKey(addressType, ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: new Map<string, Endpoint>() };
      groups.set(key, group);
      const endpoint = endpointOf(service, pod, address, nodeOf);
      group.endpoints.set(endpointKey(endpoint), endpoint);
    }
  }
  for (const addressType of familiesOf(service)) {
    if (![...groups.values()].some((group) => group.addressType === addressType)) groups.set(groupKey(addressType, []), { addressType, ports: [], endpoints: new Map() });
  }
  return groups;
}

/** Services from before there were families have those of their addresses. */
export function familiesOf({ spec }: Service): readonly IpFamily[] {
  if (spec.ipFamilies !== undefined && spec.ipFamilies.length > 0) return spec.ipFamilies;
  const own = ipFamilyOf(spec.clusterIP ?? '');
  return [own ?? 'IPv4'];
}

export function addressesOf({ status: { podIPs = [], podIP = '' } }: Pod): readonly string[] {
  const all = podIPs.map(({ ip }) => ip).filter((ip) => ip !== '');
  return all.length > 0 || podIP === '' ? all : [podIP];
}

export const isReady = ({ status }: Pod): boolean => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/** A port whose name no container of the pod has is left out. */
export function endpointPorts({ spec: { ports = [] } }: Service, pod: Pod): EndpointPort[] {
  return ports.flatMap((port): EndpointPort[] => {
    const number = portNumber(port, pod);
    return number === undefined ? [] : [{ name: port.name ?? '', protocol: port.protocol, port: number, ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }) }];
  });
}

function portNumber({ targetPort, port, protocol }: ServicePort, { spec }: Pod): number | undefined {
  if (targetPort === undefined || typeof targetPort === 'number') return targetPort === undefined || targetPort === 0 ? port : targetPort;
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...spec.containers, ...sidecars]) {
    const found = container.ports?.find((candidate) => candidate.name === targetPort && candidate.protocol === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

function endpointOf(service: Service, pod: Pod, address: string, nodeOf: (name: string) => Node | undefined): Endpoint {
  const { metadata: { namespace = '', name, uid, deletionTimestamp }, spec: { hostname = '', subdomain } } = pod;
  const serving = isReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname !== '' && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...placeOf(service, pod, ready, nodeOf),
  };
}

function placeOf(service: Service, { spec: { nodeName = '' } }: Pod, ready: boolean, nodeOf: (name: string) => Node | undefined): Pick<Endpoint, 'nodeName' | 'zone' | 'hints'> {
  if (nodeName === '') return {};
  const zone = nodeOf(nodeName)?.metadata.labels?.[zoneLabel];
  const hints = ready ? hintsOf(service, zone, nodeName) : undefined;
  return { nodeName, ...(zone === undefined ? {} : { zone }), ...(hints === undefined ? {} : { hints }) };
}

/** KEP-3015: with a traffic distribution each endpoint is for the clients of its own zone or node, if there is one there. */
function hintsOf({ spec: { trafficDistribution } }: Service, zone: string | undefined, nodeName: string): EndpointHints | undefined {
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  switch (trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
      return zone === undefined ? undefined : forZones;
    case 'PreferSameNode':
      return { ...forZones, forNodes: [{ name: nodeName }] };
    default:
      return undefined;
  }
}
