import type { IpFamily } from '#core/api/ip.ts';
import { parseIp } from '#core/api/ip.ts';
import type { Chains, Jump, Table } from './iptables.ts';
import type { Lease } from './leases.ts';
import { bare, isAny } from './leases.ts';

/** Traffic to a pod through a host port whose answer would not come back this way unless the node stands for its source. */
const MARK = '0x2000/0x2000';

const metadata: Record<IpFamily, string> = { IPv4: '169.254.169.254/32', IPv6: 'fd00:ec2::254/128' };
const multicast: Record<IpFamily, string> = { IPv4: '224.0.0.0/4', IPv6: 'ff00::/8' };
const loopback: Record<IpFamily, string> = { IPv4: '127.0.0.0/8', IPv6: '::1/128' };

/** In it are the rules of NetworkPolicies; whoever enforces them writes it, and before anything is accepted it is asked. */
export const POLICY_CHAIN = 'KEELSON-NET-POLICY';
export const HOST_PORTS_CHAIN = 'KEELSON-NET-HOSTPORTS';

/** Every chain that this plugin makes. */
export const ownChains: Readonly<Record<Table, readonly string[]>> = {
  filter: ['KEELSON-NET-FORWARD', POLICY_CHAIN],
  nat: ['KEELSON-NET-POST', 'KEELSON-NET-MASQ', HOST_PORTS_CHAIN],
};

export function jumps(family: IpFamily): Readonly<Record<Table, readonly Jump[]>> {
  const local = '-m addrtype --dst-type LOCAL';
  return {
    filter: [{ from: 'FORWARD', match: '', to: 'KEELSON-NET-FORWARD', place: 'first' }],
    nat: [
      { from: 'PREROUTING', match: local, to: HOST_PORTS_CHAIN, place: 'last' },
      // Answers to a loopback source would never leave the pod: localhost is not translated.
      { from: 'OUTPUT', match: `! -d ${loopback[family]} ${local}`, to: HOST_PORTS_CHAIN, place: 'last' },
      { from: 'POSTROUTING', match: '', to: 'KEELSON-NET-POST', place: 'last' },
    ],
  };
}

export interface NodeRules {
  readonly bridge: string;
  /** Ranges of this node's pods, of one family. */
  readonly podCidrs: readonly string[];
  readonly clusterCidrs: readonly string[];
  readonly masquerade: boolean;
  readonly blockMetadata: boolean;
}

/** Pods' traffic is forwarded, whatever the chain's policy is; what only routers may say is not taken from pods. */
export function forwardChains(family: IpFamily, { bridge, podCidrs, clusterCidrs, blockMetadata }: NodeRules): Chains {
  const routersOnly = family === 'IPv4' ? [] : ['134', '137'].map((type) => `-i ${bridge} -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j DROP`);
  const ranges = [...new Set([...podCidrs, ...clusterCidrs])];
  return {
    'KEELSON-NET-FORWARD': [
      ...routersOnly,
      ...(blockMetadata ? podCidrs.map((cidr) => `-s ${cidr} -d ${metadata[family]} -j DROP`) : []),
      `-j ${POLICY_CHAIN}`,
      ...ranges.flatMap((cidr) => [`-s ${cidr} -j ACCEPT`, `-d ${cidr} -j ACCEPT`]),
    ],
  };
}

/** One set for the node, however many pods it has. */
export function masqueradeChains(family: IpFamily, { podCidrs, clusterCidrs, masquerade }: NodeRules): Chains {
  const kept = [...new Set([...podCidrs, ...clusterCidrs, multicast[family]])];
  return {
    'KEELSON-NET-POST': [
      // The mark is taken off: a packet that is wrapped into a tunnel keeps it, and would be translated once more.
      `-m mark --mark ${MARK} -j KEELSON-NET-MASQ`,
      ...(masquerade ? podCidrs.map((cidr) => `-s ${cidr} -j KEELSON-NET-MASQ`) : []),
    ],
    'KEELSON-NET-MASQ': [
      ...kept.map((cidr) => `-d ${cidr} -m mark ! --mark ${MARK} -j RETURN`),
      `-m mark --mark ${MARK} -j MARK --set-xmark 0x0/0x2000`,
      '-j MASQUERADE --random-fully',
    ],
  };
}

/** Host ports of all leases. */
export function hostPortChains(family: IpFamily, leases: readonly Lease[], podCidrs: readonly string[]): Chains {
  return { [HOST_PORTS_CHAIN]: leases.flatMap((lease) => hostPortRules(family, lease, podCidrs)) };
}

function hostPortRules(family: IpFamily, { addresses, portMappings }: Lease, podCidrs: readonly string[]): string[] {
  const pod = addresses.map(bare).find((address) => parseIp(address)?.family === family);
  if (pod === undefined) return [];
  return portMappings.filter(({ hostIP }) => isOf(family, hostIP)).flatMap(({ hostPort, containerPort, protocol, hostIP }) => {
    const match = `${isAny(hostIP) ? '' : `-d ${hostIP} `}-p ${protocol} -m ${protocol} --dport ${hostPort}`;
    return [
      // Pods of this node hear each other on the bridge: the answer would pass the node by.
      ...podCidrs.map((cidr) => `-s ${cidr} ${match} -j MARK --set-xmark ${MARK}`),
      `${match} -j DNAT --to-destination ${family === 'IPv4' ? pod : `[${pod}]`}:${containerPort}`,
    ];
  });
}

/** `0.0.0.0` is IPv4's, `::` and nothing are both's, as a listening socket would have it. */
function isOf(family: IpFamily, hostIP: string | undefined): boolean {
  if (hostIP === undefined || hostIP === '' || hostIP === '::') return true;
  return parseIp(hostIP)?.family === family;
}
