import { Cidr, ipFamilyOf, parseIp } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerPort, LoadBalancerRequest, LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { annotationPrefix } from './annotations.ts';
import { healthCheckOf, type GroupProtocol, type HealthCheck } from './health-check.ts';
import type { Options, TargetType } from './options.ts';
import { targetGroupName } from './ownership.ts';

/** A target, as the vendor names it. */
export interface Target {
  readonly Id: string;
  readonly Port: number;
}

/** A target group, and who is in it. */
export interface WantedGroup {
  /** Tells it from the service's others, and changes with everything that cannot be changed of one. */
  readonly name: string;
  readonly protocol: GroupProtocol;
  readonly port: number;
  readonly targetType: TargetType;
  readonly addressType: 'ipv4' | 'ipv6';
  readonly health: HealthCheck;
  readonly attributes: ReadonlyMap<string, string>;
  readonly targets: readonly Target[];
}

export interface WantedListener {
  readonly port: number;
  readonly protocol: GroupProtocol;
  readonly groupName: string;
  readonly tls: { readonly certificates: readonly string[]; readonly policy: string; readonly alpn: string } | undefined;
  readonly attributes: ReadonlyMap<string, string> | undefined;
}

export interface Plan {
  readonly name: string;
  readonly listeners: readonly WantedListener[];
  readonly groups: readonly WantedGroup[];
  readonly warnings: readonly string[];
}

/** As many as a network load balancer has room for. */
const mostListeners = 50;
const invalid = (message: string): ProviderError => new ProviderError('Invalid', message);

/** What is to be there, as far as that follows from the request alone. @throws {ProviderError} Invalid */
export function planOf(clusterId: string, request: LoadBalancerRequest, options: Options): Plan {
  const { ports } = request;
  checkRequest(request, options);
  const warnings = [...options.warnings, ...wishesNotMet(request, options)];
  const doors = [...Map.groupBy(ports, ({ port }) => port).values()].map((together) => doorOf(together, options));
  if (doors.length > mostListeners) throw invalid(`the service has ${doors.length} ports, and a network load balancer has at most ${mostListeners} listeners`);
  checkListenerKeys(options, doors);
  const groups = doors.map((door) => groupOf(clusterId, request, options, door));
  return {
    name: options.name ?? request.name,
    groups, warnings,
    listeners: doors.map(({ port: { port }, listens, isTls }, index) => ({
      port, protocol: listens, groupName: groups[index]?.name ?? '',
      tls: isTls ? { certificates: options.certificates, policy: options.tlsPolicy, alpn: options.alpn } : undefined,
      attributes: options.listenerAttributes.get(`${listens}-${port}`),
    })),
  };
}

/** One port of the load balancer. */
interface Door {
  readonly port: LoadBalancerPort;
  readonly listens: GroupProtocol;
  readonly sends: GroupProtocol;
  readonly isTls: boolean;
}

export const isNamed = (names: readonly string[] | undefined, { name, port }: LoadBalancerPort): boolean => names === undefined || names.includes(String(port)) || (name !== '' && names.includes(name));

function doorOf(together: readonly LoadBalancerPort[], options: Options): Door {
  const [port] = together;
  if (port === undefined) throw invalid('there is no port');
  const isTls = options.certificates.length > 0 && together.some((one) => one.protocol === 'TCP' && isNamed(options.tlsPorts, one));
  if (together.length === 1) return { port, isTls, listens: isTls ? 'TLS' : transport(port), sends: isTls && options.tlsToTargets ? 'TLS' : transport(port) };
  if (isTls) throw invalid(`port ${port.port} is one of TCP and of UDP, and cannot have TLS: leave it out of ${annotationPrefix}ssl-ports`);
  if (options.targetType === 'instance' && new Set(together.map(({ nodePort }) => nodePort)).size > 1) {
    throw invalid(`port ${port.port} of TCP and of UDP is one listener, so its node ports must be one, not ${together.map(({ nodePort }) => nodePort).join(' and ')}`);
  }
  return { port, isTls, listens: 'TCP_UDP', sends: 'TCP_UDP' };
}

const transport = ({ protocol }: LoadBalancerPort): 'TCP' | 'UDP' => (protocol === 'UDP' ? 'UDP' : 'TCP');

function groupOf(clusterId: string, request: LoadBalancerRequest, options: Options, { port, sends }: Door): WantedGroup {
  const { targetType } = options;
  const addressType = request.families[0] === 'IPv6' ? 'ipv6' : 'ipv4';
  // Targets bring their own port; this one is only shown.
  const shown = targetType === 'instance' ? port.nodePort ?? port.port : port.port;
  return {
    name: targetGroupName(clusterId, request.owner, [port.port, sends, targetType, addressType]),
    protocol: sends, port: shown, targetType, addressType,
    health: healthCheckOf(request, options, port, sends),
    attributes: new Map([
      ['proxy_protocol_v2.enabled', String(isNamed(options.proxyPorts, port))],
      ...(sends === 'TLS' ? [] : [['stickiness.enabled', String(request.affinitySeconds !== undefined)] as const]),
      ...options.groupAttributes,
    ]),
    targets: targetType === 'instance' ? instancesOf(request, options, port.nodePort ?? 0) : podsOf(request, port, addressType),
  };
}

function instancesOf({ targets }: LoadBalancerRequest, { nodeLabels }: Options, nodePort: number): readonly Target[] {
  const chosen = targets.filter(({ labels = {} }) => [...nodeLabels].every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value));
  return chosen.flatMap((target) => instanceIdOf(target).map((Id) => ({ Id, Port: nodePort })));
}

/** None of what is no instance, such as a node of Fargate. */
export const instanceIdOf = ({ providerId }: LoadBalancerTarget): readonly string[] => /(?:^|\/)(i-[0-9a-f]+)$/.exec(providerId)?.slice(1) ?? [];

const podsOf = ({ endpoints = [] }: LoadBalancerRequest, { name }: LoadBalancerPort, addressType: string): readonly Target[] =>
  endpoints.filter(({ port, address }) => port === name && (ipFamilyOf(address) === 'IPv6') === (addressType === 'ipv6')).map(({ address, targetPort }) => ({ Id: address, Port: targetPort }));

function checkRequest({ ports, sourceRanges }: LoadBalancerRequest, { targetType, tlsPorts, proxyPorts }: Options): void {
  for (const { protocol, port, nodePort } of ports) {
    if (protocol === 'SCTP') throw invalid(`port ${port} is one of SCTP, which network load balancers do not forward`);
    if (nodePort === undefined && targetType === 'instance') {
      throw invalid(`port ${port} has no node port, by which instances are reached: leave allocateLoadBalancerNodePorts true, or set ${annotationPrefix}nlb-target-type to ip`);
    }
  }
  const range = sourceRanges.find((one) => Cidr.parse(one) === undefined);
  if (range !== undefined) throw invalid(`the source range ${JSON.stringify(range)} is none`);
  for (const [annotation, names] of [['ssl-ports', tlsPorts ?? []], ['proxy-protocol-per-target-group', proxyPorts ?? []]] as const) {
    const unknown = names.find((name) => !ports.some((port) => isNamed([name], port)));
    if (unknown !== undefined) throw invalid(`the annotation ${annotationPrefix}${annotation}: ${JSON.stringify(unknown)} is neither number nor name of a port of the service`);
  }
}

function checkListenerKeys({ listenerAttributes }: Options, doors: readonly Door[]): void {
  const known = doors.map(({ listens, port }) => `${listens}-${port.port}`);
  const unknown = [...listenerAttributes.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(`the annotation ${annotationPrefix}listener-attributes.${unknown} belongs to no listener of the service, which has ${known.join(', ')}`);
}

function wishesNotMet({ address, families, affinitySeconds }: LoadBalancerRequest, { addressType, certificates, tlsToTargets }: Options): readonly string[] {
  return [
    ...(address === undefined ? [] : [`spec.loadBalancerIP ${address} is not what it gets: use ${annotationPrefix}eip-allocations or ${annotationPrefix}private-ipv4-addresses`]),
    ...(families.includes('IPv6') && addressType === 'ipv4' ? [`it is not reached by IPv6: set ${annotationPrefix}ip-address-type to dualstack`] : []),
    ...(affinitySeconds !== undefined && certificates.length > 0 && tlsToTargets ? ['sessionAffinity ClientIP does nothing at ports with TLS to their targets'] : []),
  ];
}

/** Whether it stands in the middle of the VPC's own addresses. */
export const isWithin = (address: string, ranges: readonly string[]): boolean => {
  const ip = parseIp(address);
  return ip !== undefined && ranges.some((range) => Cidr.parse(range)?.contains(ip) === true);
};
