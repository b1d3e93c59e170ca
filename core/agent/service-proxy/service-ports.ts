import { canonicalIp, Cidr, ipFamilyOf, ipText, parseIp, type IpFamily } from '#core/api/ip.ts';
import type { Service, ServicePort } from '#core/api/schema/core-v1/service.ts';
import { clusterIPsOf } from '#core/api/service-addresses.ts';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';
import { chooseEndpoints, type NodePlace } from './endpoint-choice.ts';
import { isForwardable, portKey, type KnownEndpoint, type KnownEndpoints } from './known-endpoints.ts';

/** Somebody else's proxy serves it. */
export const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const headlessLabel = 'service.kubernetes.io/headless';
/** Upstream's default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const defaultAffinitySeconds = 10_800;

/** Whether a proxy has anything to do for it. */
export function isProxied({ metadata: { labels = {} }, spec }: Service): boolean {
  if (Object.hasOwn(labels, proxyNameLabel) || Object.hasOwn(labels, headlessLabel)) return false;
  return spec.type !== 'ExternalName' && clusterIPsOf(spec).length > 0;
}

/** The ports of a service, in each of its IP families. */
export function proxyPorts(service: Service, known: KnownEndpoints, place: NodePlace): readonly ProxyPort[] {
  if (!isProxied(service)) return [];
  return clusterIPsOf(service.spec).flatMap((clusterIP) => {
    const address = parseIp(clusterIP);
    if (address === undefined || !isForwardable(address)) return [];
    return (service.spec.ports ?? []).map((port) => proxyPort(service, port, ipText(address), address.family, known, place));
  });
}

function proxyPort(service: Service, port: ServicePort, clusterIP: string, family: IpFamily, known: KnownEndpoints, place: NodePlace): ProxyPort {
  const { spec, metadata: { namespace = '', name } } = service;
  const { name: portName = '', protocol = 'TCP', port: number } = port;
  const outside = outsideOf(service, port, family);
  const isExternal = outside.nodePort !== undefined || outside.loadBalancerIPs.length > 0 || outside.externalIPs.length > 0;
  const externalLocal = isExternal && spec.externalTrafficPolicy === 'Local';
  const internalLocal = spec.internalTrafficPolicy === 'Local';
  const chosen = chooseEndpoints(known.byPort.get(portKey(portName, protocol, family)) ?? [], {
    // Pods and the node itself reach an external address of a Local service by any endpoint.
    cluster: !internalLocal || isExternal, local: internalLocal || externalLocal,
  }, place);
  const placed = (endpoint: KnownEndpoint): ProxyEndpoint => proxyEndpoint(endpoint, place);
  return {
    key: `${namespace}/${name}:${portKey(portName, protocol, family)}`,
    service: { namespace, name }, family, protocol, port: number, clusterIP, ...outside, ...affinityOf(service),
    internalLocal, externalLocal, ...healthPortOf(service),
    endpoints: chosen.cluster.map(placed), localEndpoints: chosen.local.map(placed), hasEndpoints: chosen.any,
  };
}

const affinityOf = ({ spec }: Service): { affinitySeconds?: number } =>
  (spec.sessionAffinity === 'ClientIP' ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds } : {});

const proxyEndpoint = ({ address, port, nodeName }: KnownEndpoint, place: NodePlace): ProxyEndpoint =>
  ({ address, port, place: nodeName === undefined ? 'unknown' : nodeName === place.nodeName ? 'here' : 'elsewhere' });

/** Where load balancers ask whether this node has endpoints; undefined when none do. */
export const healthCheckNodePortOf = ({ spec }: Service): number | undefined =>
  (spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' && (spec.healthCheckNodePort ?? 0) > 0 ? spec.healthCheckNodePort : undefined);

function healthPortOf(service: Service): { healthCheckNodePort?: number } {
  const healthCheckNodePort = healthCheckNodePortOf(service);
  return healthCheckNodePort === undefined ? {} : { healthCheckNodePort };
}

type Outside = Pick<ProxyPort, 'nodePort' | 'loadBalancerIPs' | 'externalIPs' | 'sourceRanges'>;

function outsideOf({ spec, status }: Service, { nodePort = 0 }: ServicePort, family: IpFamily): Outside {
  const ingress = spec.type === 'LoadBalancer' ? status.loadBalancer?.ingress ?? [] : [];
  const ranges = spec.loadBalancerSourceRanges ?? [];
  return {
    ...(nodePort > 0 ? { nodePort } : {}),
    loadBalancerIPs: claimable(ingress.filter(({ ipMode = 'VIP' }) => ipMode === 'VIP').map(({ ip = '' }) => ip), family),
    externalIPs: claimable(spec.externalIPs ?? [], family),
    ...(ranges.length === 0 ? {} : { sourceRanges: rangesOf(ranges, family) }),
  };
}

const claimable = (addresses: readonly string[], family: IpFamily): readonly string[] => [...new Set(addresses.filter((text) => {
  const address = parseIp(text);
  return address !== undefined && ipFamilyOf(text) === family && isForwardable(address);
}).map(canonicalIp))].toSorted();

/** Those that are none let nobody in. Spaces around them have always been allowed. */
const rangesOf = (ranges: readonly string[], family: IpFamily): readonly string[] =>
  [...new Set(ranges.map((text) => Cidr.parse(text.trim())).filter((range) => range?.family === family).map(String))].toSorted();
