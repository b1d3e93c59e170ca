import type { LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import type { Options } from './options.ts';
import { portRanges, rangePeer, wholeRange, type Permission, type PortRange } from './permissions.ts';
import type { Plan, WantedGroup } from './plan.ts';

type Peer = Pick<Permission, 'kind' | 'peer'>;
type Ranges = (ports: Iterable<number>) => readonly PortRange[];

/** As many as a security group has room for, with some to spare. */
const mostRules = 50;
/** "Fragmentation needed", and its kin of IPv6. */
const tooBig = { icmp: { from: 3, to: 4 }, icmpv6: { from: 2, to: 0 } };

/** Clients that are let in. */
function clients({ sourceRanges, families }: LoadBalancerRequest, { prefixLists, addressType }: Options): readonly Peer[] {
  const everybody = ['0.0.0.0/0', ...(addressType === 'dualstack' || families.includes('IPv6') ? ['::/0'] : [])];
  // Who names prefix lists and no ranges means those alone.
  const ranges = sourceRanges.length === 0 && prefixLists.length === 0 ? everybody : sourceRanges;
  return uniquePeers([...ranges.map(rangePeer), ...prefixLists.map((peer) => ({ kind: 'prefixList', peer } as const))]);
}

const uniquePeers = (peers: readonly Peer[]): readonly Peer[] => [...new Map(peers.map((peer) => [peer.peer, peer])).values()];

const transports = (protocol: string): readonly ('tcp' | 'udp')[] => {
  if (protocol === 'TCP_UDP') return ['tcp', 'udp'];
  return protocol === 'UDP' ? ['udp'] : ['tcp'];
};

function rules(ports: Readonly<Record<'tcp' | 'udp', readonly number[]>>, peers: readonly Peer[], rangesOf: Ranges): readonly Permission[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) => rangesOf(ports[protocol]).flatMap((range) => peers.map((peer) => ({ protocol, ...range, ...peer }))));
}

/** What the load balancer's own security group lets in. */
export function frontendPermissions(request: LoadBalancerRequest, options: Options, { listeners }: Plan): readonly Permission[] {
  const peers = clients(request, options);
  const of = (transport: 'tcp' | 'udp'): number[] => listeners.filter(({ protocol }) => transports(protocol).includes(transport)).map(({ port }) => port);
  const ports = { tcp: of('tcp'), udp: of('udp') };
  const exact = rules(ports, peers, portRanges);
  // At ports without a listener nobody answers anyway.
  const fitting = exact.length > mostRules ? rules(ports, peers, wholeRange) : exact;
  if (!options.pathMtu) return fitting;
  return [...fitting, ...peers.filter(({ kind }) => kind !== 'prefixList').map((peer): Permission => (peer.kind === 'cidr6' ? { protocol: 'icmpv6', ...tooBig.icmpv6, ...peer } : { protocol: 'icmp', ...tooBig.icmp, ...peer }))];
}

/**
 * What the nodes' security groups let in: the load balancer's own, or, where it has none, its clients and what checks health from its subnets.
 * @param groupIds the load balancer's security groups by which nodes know it
 * @param subnetRanges where it stands
 */
export function nodePermissions(request: LoadBalancerRequest, options: Options, { groups }: Plan, groupIds: readonly string[], subnetRanges: readonly string[]): readonly Permission[] {
  const ports = { tcp: [...portsOf(groups, 'tcp'), ...healthPorts(groups)], udp: [...portsOf(groups, 'udp')] };
  // One rule each: a security group has room for few, and nothing but what is balanced comes from there.
  if (options.frontend.kind !== 'none') return rules(ports, groupIds.map((peer) => ({ kind: 'group', peer })), wholeRange);
  return rules(ports, uniquePeers([...clients(request, options), ...subnetRanges.map(rangePeer)]), portRanges);
}

const targetPorts = ({ targetType, port, targets }: WantedGroup): readonly number[] => (targetType === 'instance' ? [port] : targets.map(({ Port }) => Port));
const portsOf = (groups: readonly WantedGroup[], transport: 'tcp' | 'udp'): readonly number[] => groups.filter(({ protocol }) => transports(protocol).includes(transport)).flatMap(targetPorts);
const healthPorts = (groups: readonly WantedGroup[]): readonly number[] => groups.flatMap((group) => (group.health.port === 'traffic-port' ? targetPorts(group) : [Number(group.health.port)]));
