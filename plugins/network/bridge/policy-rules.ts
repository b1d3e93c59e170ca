import { createHash } from 'node:crypto';
import { canonicalIp, Cidr, parseIp, type IpFamily } from '#core/api/ip.ts';
import { NetworkError, type PodPolicy, type PolicyPort, type PolicyRule } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { quoted } from '#plugins/network/cni-names.ts';

/** What all chains that are made here begin with, and no others: POLICY_CHAIN does not, nor do those of the service proxy. */
export const PREFIX = 'KEELSON-POL-';

/** On a packet that a rule has allowed. */
const ALLOWED = '0x1000/0x1000';
const clear = '-j MARK --set-xmark 0x0/0x1000';
const allow = `-j MARK --set-xmark ${ALLOWED}`;

type Direction = 'ingress' | 'egress';
/** Where policies are asked. */
export interface PolicyPlace {
  /** The chain that everything passes. */
  readonly main: string;
  /** On which the pods are. */
  readonly bridge: string;
}

type ChainTable = Record<string, string[]>;

/**
 * The chains of one family: `main` asks a chain of each ruled pod, in which a packet is marked by the first rule that allows it and dropped
 * without the mark. Both ends of a connection may have their say: an allowed packet goes on to the next pod's chain.
 * @throws {NetworkError} 7 naming an address or port that is none
 */
export function policyChains(family: IpFamily, { main, bridge }: PolicyPlace, policies: readonly PodPolicy[]): ChainTable {
  const chains: ChainTable = { [main]: [] };
  const ways: string[] = [];
  for (const policy of policies) {
    for (const [direction, flag] of [['ingress', '-d'], ['egress', '-s']] as const) {
      const rules = policy[direction];
      const addresses = ofFamily(family, policy.addresses);
      if (rules === undefined || addresses.length === 0) continue;
      const name = chainName(policy.podUid, direction);
      writePod(chains, name, family, direction, rules);
      ways.push(...addresses.map((address) => `${flag} ${address} -j ${name}`));
    }
  }
  // Also where no ruled pod has addresses of the family: it may have one that only the link knows.
  if (policies.some(({ ingress, egress }) => ingress !== undefined || egress !== undefined)) chains[main] = [...always(family, bridge), ...ways];
  return chains;
}

/**
 * Answers, and what neighbours must say to find each other. Nothing else may go round a pod's addresses: by those that only the link knows, or to
 * everybody on the bridge. This is asked of forwarded packets only, so the node itself can be reached by both; other bridges of the node are left alone.
 */
const always = (family: IpFamily, bridge: string): string[] => [
  '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
  ...(family === 'IPv4'
    ? [`-d 224.0.0.0/4 -o ${bridge} -j DROP`, `-o ${bridge} -m addrtype --dst-type BROADCAST -j DROP`]
    : [...['130', '131', '132', '135', '136', '143'].map((type) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j RETURN`), `-d ff00::/8 -o ${bridge} -j DROP`, `-d fe80::/10 -o ${bridge} -j DROP`, `-s fe80::/10 -i ${bridge} -j DROP`]),
];

const chainName = (...parts: readonly (string | number)[]): string => PREFIX + createHash('sha256').update(parts.join('/')).digest('hex').slice(0, 16).toUpperCase();

function writePod(chains: ChainTable, name: string, family: IpFamily, direction: Direction, rules: readonly PolicyRule[]): void {
  const lines = [clear];
  for (const [index, rule] of rules.entries()) {
    if (rule.peers === undefined) lines.push(...portMatches(rule.ports).map((match) => `${match} ${allow}`.trim()));
    else lines.push(...peerLines(chains, chainName(name, index), family, direction, rule));
  }
  lines.push(`-m mark ! --mark ${ALLOWED} -j DROP`, clear);
  chains[name] = lines;
}

/** Peers lead to a chain of the rule's ports; those with holes through one of their own. */
function peerLines(chains: ChainTable, name: string, family: IpFamily, direction: Direction, { peers = [], ports }: PolicyRule): string[] {
  const flag = direction === 'ingress' ? '-s' : '-d';
  const matches = portMatches(ports);
  const lines: string[] = [];
  for (const [index, { cidrs, except }] of peers.entries()) {
    const ranges = ofFamily(family, cidrs);
    if (ranges.length === 0) continue;
    const holes = ofFamily(family, except);
    if (holes.length > 0) {
      const own = chainName(name, index);
      chains[own] = [...holes.map((hole) => `${flag} ${hole} -j RETURN`), ...matches.map((match) => `${match} ${allow}`.trim())];
      lines.push(...ranges.map((range) => `${flag} ${range} -j ${own}`));
    } else if (matches.length === 1) {
      lines.push(...ranges.map((range) => `${flag} ${range} ${matches[0] ?? ''} ${allow}`.replaceAll(/ +/g, ' ')));
    } else {
      chains[name] = matches.map((match) => `${match} ${allow}`.trim());
      lines.push(...ranges.map((range) => `${flag} ${range} -j ${name}`));
    }
  }
  return lines;
}

function portMatches(ports: readonly PolicyPort[] | undefined): string[] {
  if (ports === undefined) return [''];
  return ports.map(({ protocol, port, endPort }) => {
    const name = protocol.toLowerCase();
    if (!['tcp', 'udp', 'sctp'].includes(name)) throw new NetworkError(cniCodes.invalidConfig, `${quoted(protocol)} is no protocol that a policy can name`);
    if (port === undefined) return `-p ${name}`;
    for (const number of [port, endPort ?? port]) {
      if (!Number.isInteger(number) || number < 1 || number > 65535) throw new NetworkError(cniCodes.invalidConfig, `${number} is no port`);
    }
    return `-p ${name} -m ${name} --dport ${port}${endPort === undefined || endPort === port ? '' : `:${endPort}`}`;
  });
}

/** Those of the family, in canonical text: nothing else gets into a rule. */
function ofFamily(family: IpFamily, ranges: readonly string[]): string[] {
  return [...new Set(ranges.map((text) => {
    const cidr = Cidr.parse(text);
    const address = parseIp(text);
    if (cidr === undefined && address === undefined) throw new NetworkError(cniCodes.invalidConfig, `${quoted(text)} is no address and no range`);
    if ((cidr?.family ?? address?.family) !== family) return '';
    return cidr === undefined ? canonicalIp(text) : cidr.toString();
  }))].filter((text) => text !== '');
}
