import { parseIp, type IpFamily } from '#core/api/ip.ts';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';
import { checkPort } from '#plugins/proxy/check-port.ts';
import type { Entry } from './buckets.ts';
import { addressBuckets, base, endpointChain, nodePortBucket, portChain } from './names.ts';

export interface PortRulesOptions {
  /** Ranges of pods, of the port's family. */
  readonly clusterCidrs: readonly string[];
  /** Serve `spec.externalIPs`. */
  readonly externalIPs: boolean;
}

/** A chain and its rules, in the order in which a packet meets them, without the chain's name. */
export interface Chain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** What one port puts into the tables. */
export interface PortRules {
  /** Chains of its own, in `nat`. */
  readonly chains: readonly Chain[];
  /** How `nat` finds them, by address and by node port. */
  readonly addresses: readonly Entry[];
  readonly nodePorts: readonly Entry[];
  /** What becomes, in `filter`, of packets that `nat` has not sent on. */
  readonly refusedAddresses: readonly Entry[];
  readonly refusedNodePorts: readonly Entry[];
}

const rejectWith: Record<IpFamily, string> = { IPv4: 'icmp-port-unreachable', IPv6: 'icmp6-port-unreachable' };

/**
 * The rules of one port, as `iptables-save` prints them, so that what stands in the kernel can be compared.
 *
 * An endpoint on another node needs no chain of its own: only one on this node can be its own client, and have to be masqueraded.
 * @throws {RangeError} as `checkPort`; nothing else may get into a rule
 */
export function portRules(port: ProxyPort, options: PortRulesOptions): PortRules {
  checkPort(port);
  const rules = new Rules(port, options);
  return rules.all();
}

class Rules {
  readonly #port: ProxyPort;
  readonly #options: PortRulesOptions;
  readonly #protocol: string;
  readonly #chains = new Map<string, Chain>();

  constructor(port: ProxyPort, options: PortRulesOptions) {
    this.#port = port;
    this.#options = options;
    this.#protocol = port.protocol.toLowerCase();
  }

  all(): PortRules {
    const { clusterIP, nodePort, loadBalancerIPs, sourceRanges, healthCheckNodePort } = this.#port;
    const external = this.#externalTarget();
    const balancer = external === undefined || sourceRanges === undefined || loadBalancerIPs.length === 0 ? external : this.#fenced(external, sourceRanges);
    const internal = this.#internalTarget();
    const others = this.#options.externalIPs ? this.#port.externalIPs : [];
    const lost = this.#verdict(this.#port.externalLocal && this.#port.localEndpoints.length === 0);
    const lostAtBalancer = lost ?? (sourceRanges === undefined ? undefined : 'DROP');
    return {
      addresses: [...this.#at([clusterIP], internal), ...this.#at(loadBalancerIPs, balancer), ...this.#at(others, external)],
      nodePorts: this.#atNodePort(nodePort, external),
      refusedAddresses: [...this.#at([clusterIP], internal === undefined ? this.#verdict(true) : undefined), ...this.#at(loadBalancerIPs, lostAtBalancer), ...this.#at(others, lost)],
      refusedNodePorts: [...this.#atNodePort(nodePort, lost), ...(healthCheckNodePort === undefined ? [] : this.#atNodePort(healthCheckNodePort, 'ACCEPT', 'TCP'))],
      chains: [...this.#chains.values()],
    };
  }

  /** Refused when nobody serves it; dropped when somebody elsewhere does, so that a client tries again through another node. */
  #verdict(isLost: boolean): string | undefined {
    const { family, protocol, hasEndpoints } = this.#port;
    // The kernel sends one host only so many ICMP messages a second; resets are not counted.
    if (!hasEndpoints) return `REJECT --reject-with ${protocol === 'TCP' ? 'tcp-reset' : rejectWith[family]}`;
    return isLost ? 'DROP' : undefined;
  }

  #internalTarget(): string | undefined {
    const { internalLocal, localEndpoints, endpoints } = this.#port;
    if (internalLocal) return localEndpoints.length === 0 ? undefined : this.#local();
    return endpoints.length === 0 ? undefined : this.#cluster();
  }

  #externalTarget(): string | undefined {
    const { nodePort, loadBalancerIPs, externalIPs, externalLocal, endpoints, key } = this.#port;
    const isExternal = nodePort !== undefined || loadBalancerIPs.length > 0 || (this.#options.externalIPs && externalIPs.length > 0);
    if (!isExternal || endpoints.length === 0) return undefined;
    const rules = externalLocal ? this.#localRules() : [`-j ${base.markMasquerade}`, `-j ${this.#cluster()}`];
    return this.#chain(portChain('EXT', key), rules);
  }

  /** What comes from pods or from the node itself is not bound to the node: its source needs no keeping. */
  #localRules(): readonly string[] {
    const cluster = this.#cluster();
    return [
      ...this.#options.clusterCidrs.map((range) => `${from(range)}-j ${cluster}`),
      `-m addrtype --src-type LOCAL -j ${base.markMasquerade}`,
      `-m addrtype --src-type LOCAL -j ${cluster}`,
      ...(this.#port.localEndpoints.length === 0 ? [] : [`-j ${this.#local()}`]),
    ];
  }

  #fenced(target: string, ranges: readonly string[]): string {
    return this.#chain(portChain('FW', this.#port.key), ranges.map((range) => `${from(range)}-j ${target}`));
  }

  #cluster(): string {
    const off = this.#options.clusterCidrs.length === 0 ? [] : [`-j ${base.offCluster}`];
    return this.#chain(portChain('SVC', this.#port.key), [...off, ...this.#balance(this.#port.endpoints)]);
  }

  #local(): string {
    return this.#chain(portChain('SVL', this.#port.key), this.#balance(this.#port.localEndpoints));
  }

  #balance(endpoints: readonly ProxyEndpoint[]): readonly string[] {
    const { affinitySeconds } = this.#port;
    const proto = `-p ${this.#protocol}`;
    const known = affinitySeconds === undefined ? [] : endpoints.map((endpoint) =>
      `${proto} -m recent --update --seconds ${affinitySeconds} --reap ${this.#list(endpoint)} -j ${this.#to(endpoint)}`);
    const chosen = endpoints.map((endpoint, index) => {
      const left = endpoints.length - index;
      const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${probability(1 / left)}`;
      return `${proto}${chance}${affinitySeconds === undefined ? '' : ` -m recent --set ${this.#list(endpoint)}`} -j ${this.#to(endpoint)}`;
    });
    return [...known, ...chosen];
  }

  /** Where the kernel remembers an endpoint's clients. */
  #list({ address, port }: ProxyEndpoint): string {
    const mask = this.#port.family === 'IPv4' ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
    return `--name ${endpointChain(this.#port.key, address, port)} --mask ${mask} --rsource`;
  }

  #to({ address, port, place }: ProxyEndpoint): string {
    const { family, key } = this.#port;
    const [to, host] = family === 'IPv4' ? [`${address}:${port}`, `${address}/32`] : [`[${address}]:${port}`, `${address}/128`];
    const translate = `DNAT --to-destination ${to}`;
    if (place === 'elsewhere') return translate;
    return this.#chain(endpointChain(key, address, port), [`-s ${host} -j ${base.markMasquerade}`, `-p ${this.#protocol} -j ${translate}`]);
  }

  #chain(name: string, rules: readonly string[]): string {
    this.#chains.set(name, { name, rules });
    return name;
  }

  #at(addresses: readonly string[], target: string | undefined): readonly Entry[] {
    if (target === undefined) return [];
    const { family, port } = this.#port;
    return addresses.flatMap((text) => {
      const address = parseIp(text);
      return address === undefined ? [] : [{
        path: addressBuckets(address),
        rule: `-d ${text}/${family === 'IPv4' ? 32 : 128} -p ${this.#protocol} -m ${this.#protocol} --dport ${port} -j ${target}`,
      }];
    });
  }

  #atNodePort(port: number | undefined, target: string | undefined, protocol: string = this.#port.protocol): readonly Entry[] {
    if (port === undefined || target === undefined) return [];
    const lower = protocol.toLowerCase();
    return [{ path: [nodePortBucket(protocol, port)], rule: `-p ${lower} -m ${lower} --dport ${port} -j ${target}` }];
  }
}

/** The range of all addresses matches nothing in particular, and is not printed. */
export const from = (range: string): string => (range.endsWith('/0') ? '' : `-s ${range} `);

/** The kernel keeps it as a multiple of 2^-31. */
const probability = (value: number): string => (Math.round(value * 2 ** 31) / 2 ** 31).toFixed(11);
